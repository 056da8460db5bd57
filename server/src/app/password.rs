//! New passwords: changed by who knows the old one, or set with a link that an admin made.

use tidemill_common::api::session::{PasswordChange, PasswordReset};
use tidemill_common::ids::{OrganizationId, SessionId, UserId};

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::people::{People, check_email};
use super::sign_in::Claim;
use crate::auth::{Caller, Kind, Operation, Secret};
use crate::store;
use crate::store::queries::{account, session, sign_in};

impl People {
    /// Sets the caller's password. Where there is one, it must be known, and the second factor as well; all other sessions end.
    pub async fn password_change(&self, caller: &Caller, wanted: PasswordChange) -> Result<(), Error> {
        authorize(caller, Operation::PasswordChange)?;
        if caller.is_service {
            return Err(Error::Conflict("a service account has tokens and no password".to_owned()));
        }
        let email = wanted.email.as_deref().map(check_email).transpose()?;
        let (user, now) = (caller.user, self.clock.now());
        let read = self.database.engine(move |conn| Ok((account::user(conn, user.0)?, sign_in::of_user(conn, user)?)));
        let (row, kept) = read.await.map_err(Error::of("account"))?;
        if kept.password.is_some() {
            let (Some(password), Some(email)) = (wanted.current, row.email.clone()) else {
                return Err(Error::Invalid("`current` must be the present password".to_owned()));
            };
            let address = caller.address.map(|address| address.to_string());
            let _known = self.claim(Claim { email, password, code: wanted.code, address }).await?;
        }
        let email = match (row.email, email) {
            (Some(present), Some(other)) if present != other => {
                return Err(Error::Conflict("the account has an address already".to_owned()));
            }
            (Some(_), _) => None,
            (None, Some(email)) => Some(email),
            (None, None) => return Err(Error::Invalid("the account needs an `email` to sign in with".to_owned())),
        };
        let hash = self.passwords.hash(wanted.password).await?;
        let (act, kept) = (Act::at_home(caller, Operation::PasswordChange, now), SessionId(caller.token.0));
        let set = self.database.engine(move |conn| {
            if let Some(email) = &email {
                sign_in::email_set(conn, user, email)?;
            }
            sign_in::password_set(conn, user, &hash, now)?;
            session::session_delete_all(conn, user, Some(kept))?;
            act.on("user", user).write_as_engine(conn)
        });
        set.await.map_err(taken)?;
        self.authenticator.forget_user(user);
        Ok(())
    }

    /// Sets a new password with a link; all sessions end.
    pub async fn password_reset(&self, wanted: PasswordReset, address: Option<String>) -> Result<(), Error> {
        let unknown = || Error::NotFound("link for a new password (any more)");
        let hash = Secret::parse_as(Kind::Reset, &wanted.secret).map(|secret| secret.hash()).ok_or_else(unknown)?;
        let (password, now) = (self.passwords.hash(wanted.password).await?, self.clock.now());
        let reset = self.database.engine(move |conn| {
            let Some(user) = sign_in::reset_use(conn, &hash, now)? else { return Ok(None) };
            let id = UserId(user.id);
            sign_in::password_set(conn, id, &password, now)?;
            session::session_delete_all(conn, id, None)?;
            let act = Act::by_user((OrganizationId(user.organization_id), id), "password_reset", address, now);
            act.on("user", id).write_as_engine(conn)?;
            Ok(Some(id))
        });
        let user = reset.await?.ok_or_else(unknown)?;
        self.authenticator.forget_user(user);
        Ok(())
    }
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict(_) => Error::Conflict("another account has this address".to_owned()),
        other => Error::Store(other),
    }
}
