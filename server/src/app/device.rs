//! Signing in a device without a browser: it shows a code, a person enters it somewhere else (RFC 8628).

use chrono::TimeDelta;
use tidemill_common::api::session::{DeviceApprove, DeviceBegin, DeviceBegun, DeviceRedeem, SessionCreated};
use tidemill_common::ids::{OrganizationId, UserId};

use super::access::authorize;
use super::audit::Act;
use super::error::{DeviceError, Error, check_text};
use super::people::{People, new_secret, no_random_bytes};
use super::sign_in::Claim;
use crate::auth::{Caller, Kind, Operation, Secret, user_code};
use crate::store::Connection;
use crate::store::queries::account;
use crate::store::queries::sign_in::{self, DeviceLogin};

/// How long a code is good.
const LIFE: TimeDelta = TimeDelta::minutes(15);
/// Seconds between two questions of a device.
const INTERVAL: u32 = 5;
/// Devices that may wait at the same time: who begins needs no account.
const MOST: i64 = 1_000;

/// Who answers a device, and what.
#[derive(Debug)]
pub struct DeviceAnswer {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The code of the second factor.
    pub code: Option<String>,
    /// The code that the device shows.
    pub user_code: String,
    /// Whether to sign it in.
    pub approve: bool,
    /// Where the person is.
    pub address: Option<String>,
}

impl People {
    /// Gives a device its codes.
    pub async fn device_begin(&self, wanted: DeviceBegin, address: Option<String>) -> Result<DeviceBegun, Error> {
        let name = wanted.name.unwrap_or_else(|| "a device".to_owned());
        check_text("name", &name, 100)?;
        let (now, secret) = (self.clock.now(), new_secret(Kind::Device)?);
        let shown = user_code::new_user_code().map_err(no_random_bytes)?;
        let row = DeviceLogin {
            hash: secret.hash().to_vec(),
            user_code_hash: user_code::user_code_hash(&self.key, &shown).to_vec(),
            name,
            address,
            created_at: now,
            expires_at: now + LIFE,
            polled_at: None,
            user_id: None,
            denied: false,
        };
        if !self.database.engine(move |conn| sign_in::device_insert(conn, &row, MOST)).await? {
            return Err(Error::TooManyAttempts { retry_after: 60 });
        }
        Ok(DeviceBegun {
            device_code: secret.reveal().to_owned(),
            verification_uri: format!("{}/device", self.url.get()),
            verification_uri_complete: format!("{}/device?user_code={shown}", self.url.get()),
            user_code: shown,
            expires_in: u32::try_from(LIFE.num_seconds()).unwrap_or(u32::MAX),
            interval: INTERVAL,
        })
    }

    /// The device's session, once somebody has signed it in.
    pub async fn device_redeem(&self, wanted: DeviceRedeem) -> Result<SessionCreated, Error> {
        let expired = || Error::Device(DeviceError::Expired);
        let hash = Secret::parse_as(Kind::Device, &wanted.device_code).map(|secret| secret.hash()).ok_or_else(expired)?;
        let now = self.clock.now();
        let answered = self.database.engine(move |conn| {
            let Some(device) = sign_in::device_by_hash(conn, &hash)?.filter(|device| device.expires_at > now) else {
                return Ok(Err(DeviceError::Expired));
            };
            let Some(user) = device.user_id else {
                let early = device.polled_at.is_some_and(|last| now - last < TimeDelta::seconds(INTERVAL.into()));
                sign_in::device_polled(conn, &hash, now)?;
                return Ok(Err(match (device.denied, early) {
                    (true, _) => DeviceError::Denied,
                    (false, true) => DeviceError::SlowDown,
                    (false, false) => DeviceError::Pending,
                }));
            };
            sign_in::device_delete(conn, &hash)?;
            Ok(Ok((account::user(conn, user)?, device)))
        });
        let (user, device) = answered.await?.map_err(Error::Device)?;
        self.session_for(&user, device.name, device.address, "device_redeem").await
    }

    /// Answers a device in the caller's name.
    pub async fn device_approve(&self, caller: &Caller, wanted: DeviceApprove) -> Result<(), Error> {
        authorize(caller, Operation::DeviceApprove)?;
        if caller.is_service {
            return Err(Error::Conflict("a service account signs nobody in: make it a token".to_owned()));
        }
        let address = caller.address.map(|address| address.to_string());
        let act = Act::at_home(caller, Operation::DeviceApprove, self.clock.now());
        self.answer(caller.user, act, (wanted.user_code, wanted.approve), address).await
    }

    /// Answers a device in the name of who says address, password and code.
    pub async fn device_answer(&self, answer: DeviceAnswer) -> Result<(), Error> {
        let DeviceAnswer { email, password, code, user_code, approve, address } = answer;
        let user = self.claim(Claim { email, password, code, address: address.clone() }).await?;
        let home = (OrganizationId(user.organization_id), UserId(user.id));
        let act = Act::by_user(home, Operation::DeviceApprove.id(), address.clone(), self.clock.now());
        self.answer(home.1, act, (user_code, approve), address).await
    }

    async fn answer(
        &self,
        user: UserId,
        act: Act,
        (shown, approve): (String, bool),
        address: Option<String>,
    ) -> Result<(), Error> {
        let (now, people) = (self.clock.now(), self.clone());
        let hash = user_code::user_code_hash(&self.key, &shown);
        let answered = self.database.engine(move |conn: &mut Connection| {
            let Some(device) = sign_in::device_by_user_code(conn, &hash, now)? else {
                // A wrong code counts: codes are short.
                let counted = people.attempt_from(conn, "user codes", address.as_deref(), now)?;
                return Ok(counted.and(Err(Error::NotFound("device that waits with this code"))));
            };
            sign_in::device_answer(conn, &device.hash, approve.then_some(user))?;
            let words = if approve { "signed in" } else { "refused" };
            act.on("device", &device.name).saying(words).write_as_engine(conn)?;
            Ok(Ok(()))
        });
        answered.await?
    }
}
