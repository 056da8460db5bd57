//! Sessions: who is signed in where. These run as the engine: sessions belong to users, not to workspaces.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{SessionId, UserId};

use crate::store::Error;
use crate::store::rows::session::Session;
use crate::store::rows::user::User;
use crate::store::schema::{sessions, users};

/// The session with this hash and its user, unless it is unknown or over.
pub fn session_owner(
    conn: &mut PgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
    idle: TimeDelta,
) -> Result<Option<(Session, User)>, Error> {
    Ok(sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::hash.eq(hash))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_used_at.gt(now - idle))
        .filter(users::erased_at.is_null())
        .select((Session::as_select(), User::as_select()))
        .first(conn)
        .optional()?)
}

/// Notes that a session was used, at most once a minute.
pub fn session_touch(conn: &mut PgConnection, session: &Session, now: DateTime<Utc>) -> Result<(), Error> {
    if now - session.last_used_at >= TimeDelta::minutes(1) {
        diesel::update(sessions::table.find(session.id)).set(sessions::last_used_at.eq(now)).execute(conn)?;
    }
    Ok(())
}

/// Adds a session.
pub fn session_insert(conn: &mut PgConnection, session: &Session) -> Result<(), Error> {
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

/// The sessions of a user, newest first.
pub fn session_list(conn: &mut PgConnection, user: UserId, now: DateTime<Utc>) -> Result<Vec<Session>, Error> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user.0))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::id.desc())
        .select(Session::as_select())
        .load(conn)?)
}

/// Ends a session of a user. [`Error::NotFound`] when there is none.
pub fn session_delete(conn: &mut PgConnection, user: UserId, id: SessionId) -> Result<(), Error> {
    let deleted = diesel::delete(sessions::table.find(id.0).filter(sessions::user_id.eq(user.0))).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// Ends all sessions of a user but `kept`.
pub fn session_delete_all(conn: &mut PgConnection, user: UserId, kept: Option<SessionId>) -> Result<usize, Error> {
    let query = diesel::delete(sessions::table.filter(sessions::user_id.eq(user.0)));
    Ok(match kept {
        Some(kept) => query.filter(sessions::id.ne(kept.0)).execute(conn)?,
        None => query.execute(conn)?,
    })
}
