//! Signing in with address, password and code; and the sessions that come of it.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::session::{SessionCreated, SessionList, SessionView, SignIn};
use tidemill_common::ids::{OrganizationId, SessionId, TokenId, UserId};

use super::access::authorize;
use super::audit::Act;
use super::error::{Error, check_text};
use super::people::{People, check_email, new_secret};
use crate::auth::{Caller, IDLE, Kind, Operation, second_factor};
use crate::store::queries::session;
use crate::store::queries::sign_in::{self, Patience, SignIn as Kept};
use crate::store::rows::session::Session;
use crate::store::rows::user::User;
use crate::store::{self, Connection};

/// How long a session lasts at most.
const LIFE: TimeDelta = TimeDelta::days(90);
/// How failed attempts on one account are slowed down: up to a quarter of an hour each.
const ACCOUNT: Patience = Patience { free: 5, longest: 900 };
/// The same for one network address, behind which there may be many people.
const ADDRESS: Patience = Patience { free: 50, longest: 900 };

/// What somebody says to be who they are.
pub(super) struct Claim {
    pub(super) email: String,
    pub(super) password: String,
    pub(super) code: Option<String>,
    pub(super) address: Option<String>,
}

impl People {
    /// Signs somebody in.
    pub async fn session_create(&self, wanted: SignIn, address: Option<String>) -> Result<SessionCreated, Error> {
        let name = wanted.name.unwrap_or_else(|| "a sign-in".to_owned());
        check_text("name", &name, 100)?;
        let claim = Claim { email: wanted.email, password: wanted.password, code: wanted.code, address: address.clone() };
        let user = self.claim(claim).await?;
        self.session_for(&user, name, address, "session_create").await
    }

    /// The user whom `claim` proves to be there. Each attempt counts until one is right, and takes the same time whether there is
    /// such an account or not.
    pub(super) async fn claim(&self, claim: Claim) -> Result<User, Error> {
        let Ok(email) = check_email(&claim.email) else { return Err(Error::SignInFailed) };
        let now = self.clock.now();
        let keys = self.attempt_keys(&email, claim.address.as_deref());
        let counted = keys.clone();
        let found = self.database.engine(move |conn| {
            for (key, patience) in &counted {
                if let Some(retry_after) = sign_in::attempt(conn, key, *patience, now)? {
                    return Ok(Err(Error::TooManyAttempts { retry_after }));
                }
            }
            Ok(Ok(sign_in::by_email(conn, &email)?))
        });
        let (user, kept) = found.await??.unzip();
        let hash = kept.as_ref().and_then(|kept| kept.password.clone());
        let right = self.passwords.is_right(hash, claim.password).await?;
        let (Some(user), true) = (user, right) else { return Err(Error::SignInFailed) };
        if claim.code.is_none() && kept.is_some_and(|kept| kept.totp_since.is_some()) {
            return Err(Error::SecondFactorNeeded);
        }
        let (id, people) = (UserId(user.id), self.clone());
        let checked = self.database.engine(move |conn| {
            let kept = sign_in::of_user(conn, id)?;
            if let Err(refused) = people.check_code(conn, id, &kept, claim.code.as_deref(), now)? {
                return Ok(Err(refused));
            }
            for (key, _) in keys.iter().take(1) {
                sign_in::attempt_good(conn, key)?;
            }
            Ok(Ok(()))
        });
        checked.await??;
        Ok(user)
    }

    /// Checks the second factor, where there is one, and uses the code up.
    pub(super) fn check_code(
        &self,
        conn: &mut Connection,
        user: UserId,
        kept: &Kept,
        code: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), Error>, store::Error> {
        if kept.totp_since.is_none() {
            return Ok(Ok(()));
        }
        let Some(code) = code else { return Ok(Err(Error::SecondFactorNeeded)) };
        let secret = kept.totp.as_ref().and_then(|sealed| self.key.open(user, sealed));
        let step = secret.and_then(|secret| second_factor::step_of(&secret, code, now.timestamp(), kept.totp_step));
        if let Some(step) = step {
            sign_in::totp_used(conn, user, step)?;
            return Ok(Ok(()));
        }
        let used = sign_in::recovery_code_use(conn, user, &second_factor::recovery_hash(&self.key, code))?;
        Ok(if used { Ok(()) } else { Err(Error::SignInFailed) })
    }

    /// What attempts are counted by: the account first, then where they come from. Neither is readable in the database.
    fn attempt_keys(&self, email: &str, address: Option<&str>) -> Vec<(Vec<u8>, Patience)> {
        let account = (self.key.mac("attempts on account", email.as_bytes()).to_vec(), ACCOUNT);
        let address = address.map(|address| (self.key.mac("attempts from address", address.as_bytes()).to_vec(), ADDRESS));
        std::iter::once(account).chain(address).collect()
    }

    /// Counts an attempt from `address` that guesses at something else than an account.
    pub(super) fn attempt_from(
        &self,
        conn: &mut Connection,
        what: &str,
        address: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Result<(), Error>, store::Error> {
        let key = self.key.mac(what, address.unwrap_or_default().as_bytes());
        let wait = sign_in::attempt(conn, &key, Patience { free: 20, longest: 900 }, now)?;
        Ok(wait.map_or(Ok(()), |retry_after| Err(Error::TooManyAttempts { retry_after })))
    }

    /// A new session of `user`.
    pub(super) async fn session_for(
        &self,
        user: &User,
        name: String,
        address: Option<String>,
        operation: &'static str,
    ) -> Result<SessionCreated, Error> {
        let (now, secret) = (self.clock.now(), new_secret(Kind::Session)?);
        let row = Session {
            id: SessionId::new(now).0,
            user_id: user.id,
            hash: secret.hash().to_vec(),
            name,
            address: address.clone(),
            created_at: now,
            last_used_at: now,
            expires_at: now + LIFE,
        };
        let act = Act::by_user((OrganizationId(user.organization_id), UserId(user.id)), operation, address, now);
        let made = row.clone();
        self.database
            .engine(move |conn| {
                session::session_insert(conn, &row)?;
                act.on("session", row.id).write_as_engine(conn)
            })
            .await?;
        let session = view(made, None);
        Ok(SessionCreated { secret: secret.reveal().to_owned(), user_id: UserId(user.id), session })
    }

    /// Where the caller is signed in.
    pub async fn sessions(&self, caller: &Caller) -> Result<SessionList, Error> {
        authorize(caller, Operation::SessionList)?;
        let (user, now, current) = (caller.user, self.clock.now(), caller.token.0);
        let rows = self.database.engine(move |conn| session::session_list(conn, user, now)).await?;
        let rows = rows.into_iter().filter(|row| row.last_used_at + IDLE > now);
        Ok(SessionList { items: rows.map(|row| view(row, Some(current))).collect() })
    }

    /// Ends one of the caller's sessions.
    pub async fn session_revoke(&self, caller: &Caller, id: SessionId) -> Result<(), Error> {
        authorize(caller, Operation::SessionRevoke)?;
        self.session_delete(caller, Operation::SessionRevoke, id).await
    }

    /// Ends the session of this request.
    pub async fn session_end(&self, caller: &Caller) -> Result<(), Error> {
        authorize(caller, Operation::SessionEnd)?;
        if !caller.signed_in {
            return Err(Error::Conflict("this is a token, not a session: revoke it with DELETE /api/tokens/{id}".to_owned()));
        }
        self.session_delete(caller, Operation::SessionEnd, SessionId(caller.token.0)).await
    }

    async fn session_delete(&self, caller: &Caller, operation: Operation, id: SessionId) -> Result<(), Error> {
        let (user, act) = (caller.user, Act::at_home(caller, operation, self.clock.now()));
        let ended = self.database.engine(move |conn| {
            session::session_delete(conn, user, id)?;
            act.on("session", id).write_as_engine(conn)
        });
        ended.await.map_err(Error::of("session"))?;
        self.authenticator.forget(TokenId(id.0));
        Ok(())
    }
}

fn view(row: Session, current: Option<uuid::Uuid>) -> SessionView {
    SessionView {
        id: SessionId(row.id),
        name: row.name,
        address: row.address,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at.min(row.last_used_at + IDLE),
        current: current == Some(row.id),
    }
}
