//! How users sign in: passwords, second factors, links, devices, and attempts that failed. These run as the engine.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bytea, Double, Integer, Timestamptz};
use tidemill_common::ids::UserId;
use uuid::Uuid;

use crate::store::rows::user::User;
use crate::store::schema::{device_logins, password_resets, recovery_codes, sessions, sign_in_failures, sign_ins, users};
use crate::store::{Error, Statement};

/// How a user signs in.
#[derive(Debug, Clone, Default, Queryable, Selectable)]
#[diesel(table_name = sign_ins)]
pub struct SignIn {
    /// The password's hash.
    pub password: Option<String>,
    /// The sealed secret of the second factor.
    pub totp: Option<Vec<u8>>,
    /// Since when the second factor is needed.
    pub totp_since: Option<DateTime<Utc>>,
    /// The time step of its last code.
    pub totp_step: Option<i64>,
}

/// The user with this address, which is kept in small letters, and how it signs in.
pub fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<(User, SignIn)>, Error> {
    let user: Option<User> = users::table
        .filter(users::email.eq(email))
        .filter(users::erased_at.is_null())
        .select(User::as_select())
        .first(conn)
        .optional()?;
    let Some(user) = user else { return Ok(None) };
    let sign_in = of_user(conn, UserId(user.id))?;
    Ok(Some((user, sign_in)))
}

/// How a user signs in; locked, so that a code is good once.
pub fn of_user(conn: &mut PgConnection, user: UserId) -> Result<SignIn, Error> {
    let found = sign_ins::table.find(user.0).for_update().select(SignIn::as_select()).first(conn).optional()?;
    Ok(found.unwrap_or_default())
}

/// Sets the password of a user.
pub fn password_set(conn: &mut PgConnection, user: UserId, hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let values = (sign_ins::password.eq(hash), sign_ins::password_at.eq(now));
    diesel::insert_into(sign_ins::table)
        .values((sign_ins::user_id.eq(user.0), values))
        .on_conflict(sign_ins::user_id)
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(())
}

/// Sets the address of a user. [`Error::Conflict`] when somebody has it.
pub fn email_set(conn: &mut PgConnection, user: UserId, email: &str) -> Result<(), Error> {
    diesel::update(users::table.find(user.0)).set(users::email.eq(email)).execute(conn)?;
    Ok(())
}

/// Keeps the sealed secret of a second factor that is not needed yet.
pub fn totp_enroll(conn: &mut PgConnection, user: UserId, sealed: &[u8]) -> Result<(), Error> {
    let values =
        (sign_ins::totp.eq(sealed), sign_ins::totp_since.eq(None::<DateTime<Utc>>), sign_ins::totp_step.eq(None::<i64>));
    diesel::insert_into(sign_ins::table)
        .values((sign_ins::user_id.eq(user.0), values))
        .on_conflict(sign_ins::user_id)
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(())
}

/// From now on the second factor is needed; these codes replace it once each.
pub fn totp_confirm(conn: &mut PgConnection, user: UserId, codes: &[[u8; 32]], now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(sign_ins::table.find(user.0)).set(sign_ins::totp_since.eq(now)).execute(conn)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0))).execute(conn)?;
    let rows: Vec<_> =
        codes.iter().map(|hash| (recovery_codes::user_id.eq(user.0), recovery_codes::hash.eq(hash.as_slice()))).collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(conn)?;
    Ok(())
}

/// The second factor is not needed any more.
pub fn totp_disable(conn: &mut PgConnection, user: UserId) -> Result<(), Error> {
    diesel::update(sign_ins::table.find(user.0))
        .set((
            sign_ins::totp.eq(None::<Vec<u8>>),
            sign_ins::totp_since.eq(None::<DateTime<Utc>>),
            sign_ins::totp_step.eq(None::<i64>),
        ))
        .execute(conn)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0))).execute(conn)?;
    Ok(())
}

/// Notes the time step of a code that was used.
pub fn totp_used(conn: &mut PgConnection, user: UserId, step: i64) -> Result<(), Error> {
    diesel::update(sign_ins::table.find(user.0)).set(sign_ins::totp_step.eq(step)).execute(conn)?;
    Ok(())
}

/// Uses up a recovery code. Returns whether there was one.
pub fn recovery_code_use(conn: &mut PgConnection, user: UserId, hash: &[u8]) -> Result<bool, Error> {
    Ok(diesel::delete(recovery_codes::table.find((user.0, hash))).execute(conn)? > 0)
}

/// Keeps the hash of a link that sets a new password; earlier ones of the user end.
pub fn reset_insert(conn: &mut PgConnection, user: UserId, hash: &[u8], expires_at: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(password_resets::table.filter(password_resets::user_id.eq(user.0))).execute(conn)?;
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::hash.eq(hash),
            password_resets::user_id.eq(user.0),
            password_resets::expires_at.eq(expires_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Uses up a link that sets a new password: the user, unless it is unknown or over.
pub fn reset_use(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<User>, Error> {
    let user: Option<Uuid> = diesel::delete(password_resets::table.find(hash).filter(password_resets::expires_at.gt(now)))
        .returning(password_resets::user_id)
        .get_result(conn)
        .optional()?;
    let Some(user) = user else { return Ok(None) };
    Ok(users::table.find(user).filter(users::erased_at.is_null()).select(User::as_select()).first(conn).optional()?)
}

/// A device that wants to be signed in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = device_logins)]
pub struct DeviceLogin {
    /// The hash of what it asks with.
    pub hash: Vec<u8>,
    /// The hash of what it shows.
    pub user_code_hash: Vec<u8>,
    /// What it is.
    pub name: String,
    /// Where it is.
    pub address: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// When it last asked.
    pub polled_at: Option<DateTime<Utc>>,
    /// Who signed it in.
    pub user_id: Option<Uuid>,
    /// Whether somebody refused it.
    pub denied: bool,
}

/// Adds a device, unless `most` are waiting. Returns whether it did.
pub fn device_insert(conn: &mut PgConnection, device: &DeviceLogin, most: i64) -> Result<bool, Error> {
    diesel::delete(device_logins::table.filter(device_logins::expires_at.lt(device.created_at))).execute(conn)?;
    let waiting: i64 = device_logins::table.count().get_result(conn)?;
    if waiting >= most {
        return Ok(false);
    }
    diesel::insert_into(device_logins::table).values(device).execute(conn)?;
    Ok(true)
}

/// The device that asks with the secret of this hash, locked.
pub fn device_by_hash(conn: &mut PgConnection, hash: &[u8]) -> Result<Option<DeviceLogin>, Error> {
    Ok(device_logins::table.find(hash).for_update().select(DeviceLogin::as_select()).first(conn).optional()?)
}

/// Notes that the device asked.
pub fn device_polled(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(device_logins::table.find(hash)).set(device_logins::polled_at.eq(now)).execute(conn)?;
    Ok(())
}

/// Forgets a device: it has its session, or never gets one.
pub fn device_delete(conn: &mut PgConnection, hash: &[u8]) -> Result<(), Error> {
    diesel::delete(device_logins::table.find(hash)).execute(conn)?;
    Ok(())
}

/// The device that shows the code of this hash and waits for an answer.
pub fn device_by_user_code(conn: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<DeviceLogin>, Error> {
    Ok(device_logins::table
        .filter(device_logins::user_code_hash.eq(hash))
        .filter(device_logins::expires_at.gt(now))
        .filter(device_logins::user_id.is_null())
        .filter(device_logins::denied.eq(false))
        .for_update()
        .select(DeviceLogin::as_select())
        .first(conn)
        .optional()?)
}

/// Answers a device: `user` signs it in, or nobody ever does.
pub fn device_answer(conn: &mut PgConnection, hash: &[u8], user: Option<UserId>) -> Result<(), Error> {
    diesel::update(device_logins::table.find(hash))
        .set((device_logins::user_id.eq(user.map(|user| user.0)), device_logins::denied.eq(user.is_none())))
        .execute(conn)?;
    Ok(())
}

/// How attempts are slowed down: this many are free, then each waits twice as long as the one before.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts that may fail before anybody waits.
    pub free: i32,
    /// The longest wait in seconds.
    pub longest: i32,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Integer)]
    #[expect(dead_code, reason = "what counts is whether there is a row")]
    failures: i32,
}

#[derive(QueryableByName)]
struct Seconds {
    #[diesel(sql_type = Double)]
    seconds: f64,
}

/// Counts an attempt before it is made, so that attempts at the same time count as well. Returns how many seconds to wait
/// instead, if it comes too early.
pub fn attempt(conn: &mut PgConnection, key: &[u8], patience: Patience, now: DateTime<Utc>) -> Result<Option<u64>, Error> {
    let counted: Option<Counted> = Statement::new(
        "INSERT INTO sign_in_failures AS f VALUES ($1, 1, $2)
         ON CONFLICT (key) DO UPDATE
         SET failures = CASE WHEN f.last_at < excluded.last_at - interval '1 day' THEN 1 ELSE f.failures + 1 END,
             last_at = excluded.last_at
         WHERE f.last_at + make_interval(secs => least($3, power(2, least(30, greatest(0, f.failures - $4))) - 1))
             <= excluded.last_at
         RETURNING failures",
    )
    .bind::<Bytea, _>(key)
    .bind::<Timestamptz, _>(now)
    .bind::<Integer, _>(patience.longest)
    .bind::<Integer, _>(patience.free)
    .get_result(conn)
    .optional()?;
    if counted.is_some() {
        return Ok(None);
    }
    let left: Seconds = Statement::new(
        "SELECT extract(epoch FROM last_at - $1)::double precision
             + least($2, power(2, least(30, greatest(0, failures - $3))) - 1) AS seconds
         FROM sign_in_failures WHERE key = $4",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Integer, _>(patience.longest)
    .bind::<Integer, _>(patience.free)
    .bind::<Bytea, _>(key)
    .get_result(conn)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a few minutes")]
    Ok(Some(left.seconds.ceil().clamp(1.0, f64::from(patience.longest)) as u64))
}

/// Forgets the failures of `key`: the attempt was good.
pub fn attempt_good(conn: &mut PgConnection, key: &[u8]) -> Result<(), Error> {
    diesel::delete(sign_in_failures::table.find(key)).execute(conn)?;
    Ok(())
}

/// Forgets what is over: sessions, links, devices, failures of yesterday.
pub fn sign_in_sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(now))).execute(conn)?;
    diesel::delete(password_resets::table.filter(password_resets::expires_at.lt(now))).execute(conn)?;
    diesel::delete(device_logins::table.filter(device_logins::expires_at.lt(now))).execute(conn)?;
    let yesterday = now - chrono::TimeDelta::days(1);
    diesel::delete(sign_in_failures::table.filter(sign_in_failures::last_at.lt(yesterday))).execute(conn)?;
    Ok(())
}
