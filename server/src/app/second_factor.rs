//! The second factor: enrolled, proven with a first code, taken off again.

use tidemill_common::api::session::{RecoveryCodes, TotpCode, TotpEnrolled};
use tidemill_common::ids::UserId;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::people::{People, no_random_bytes};
use crate::auth::{Caller, Operation, second_factor};
use crate::store::queries::{account, sign_in};

impl People {
    /// Makes the shared secret of a second factor. It is needed from the moment on that a first code proves it.
    pub async fn totp_enroll(&self, caller: &Caller) -> Result<TotpEnrolled, Error> {
        authorize(caller, Operation::TotpEnroll)?;
        let secret = second_factor::new_secret().map_err(no_random_bytes)?;
        let (user, sealed) = (caller.user, self.key.seal(caller.user, secret.as_slice()));
        let act = Act::at_home(caller, Operation::TotpEnroll, self.clock.now());
        let enrolled = self.database.engine(move |conn| {
            let row = account::user(conn, user.0)?;
            let kept = sign_in::of_user(conn, user)?;
            if kept.password.is_none() {
                return Ok(Err(Error::Conflict("a second factor needs a first one: set a password".to_owned())));
            }
            if kept.totp_since.is_some() {
                return Ok(Err(Error::Conflict("there is a second factor already: disable it first".to_owned())));
            }
            sign_in::totp_enroll(conn, user, &sealed)?;
            act.on("user", user).write_as_engine(conn)?;
            Ok(Ok(row.email.unwrap_or(row.name)))
        });
        let account = enrolled.await.map_err(Error::of("account"))??;
        let (secret, url) = second_factor::shown(&secret, &account);
        Ok(TotpEnrolled { secret, url })
    }

    /// From now on the second factor is needed. The recovery codes are shown this one time.
    pub async fn totp_confirm(&self, caller: &Caller, wanted: TotpCode) -> Result<RecoveryCodes, Error> {
        authorize(caller, Operation::TotpConfirm)?;
        let codes = second_factor::new_recovery_codes().map_err(no_random_bytes)?;
        let hashes: Vec<_> = codes.iter().map(|code| second_factor::recovery_hash(&self.key, code)).collect();
        let (user, now, people) = (caller.user, self.clock.now(), self.clone());
        let act = Act::at_home(caller, Operation::TotpConfirm, now);
        let confirmed = self.database.engine(move |conn| {
            let kept = sign_in::of_user(conn, user)?;
            let secret = kept.totp.as_ref().and_then(|sealed| people.key.open(user, sealed));
            let (Some(secret), None) = (secret, kept.totp_since) else {
                return Ok(Err(Error::Conflict("no second factor waits to be confirmed: enroll one first".to_owned())));
            };
            let Some(step) = second_factor::step_of(&secret, &wanted.code, now.timestamp(), None) else {
                return Ok(Err(Error::Invalid("`code` is not the present one: is the device's clock right?".to_owned())));
            };
            sign_in::totp_used(conn, user, step)?;
            sign_in::totp_confirm(conn, user, &hashes, now)?;
            act.on("user", user).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        confirmed.await??;
        Ok(RecoveryCodes { codes })
    }

    /// Takes the second factor off, with one of its codes.
    pub async fn totp_disable(&self, caller: &Caller, wanted: TotpCode) -> Result<(), Error> {
        authorize(caller, Operation::TotpDisable)?;
        let (user, now, people): (UserId, _, _) = (caller.user, self.clock.now(), self.clone());
        let address = caller.address.map(|address| address.to_string());
        let act = Act::at_home(caller, Operation::TotpDisable, now);
        let disabled = self.database.engine(move |conn| {
            if let Err(refused) = people.attempt_from(conn, &format!("codes of {user}"), address.as_deref(), now)? {
                return Ok(Err(refused));
            }
            let kept = sign_in::of_user(conn, user)?;
            if kept.totp_since.is_none() {
                return Ok(Err(Error::Conflict("there is no second factor".to_owned())));
            }
            if let Err(refused) = people.check_code(conn, user, &kept, Some(&wanted.code), now)? {
                return Ok(Err(refused));
            }
            sign_in::totp_disable(conn, user)?;
            act.on("user", user).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        disabled.await?
    }
}
