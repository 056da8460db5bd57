//! Replies kept for requests that come again.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{TokenId, WorkspaceId};

use crate::store::Error;
use crate::store::rows::idempotency_key::IdempotencyKey;
use crate::store::schema::idempotency_keys;

/// How long a reply is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// How long a request may be under way; a key without a reply after that was left by a server that died.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(90);

/// Takes `wanted` for this request. `None` when it is taken now; else the row of the request that has it.
pub fn idempotency_begin(conn: &mut PgConnection, wanted: &IdempotencyKey) -> Result<Option<IdempotencyKey>, Error> {
    let row = idempotency_keys::table.find((wanted.workspace_id, wanted.token_id, &wanted.key));
    let stale = idempotency_keys::created_at
        .lt(wanted.created_at - KEPT)
        .or(idempotency_keys::status.is_null().and(idempotency_keys::created_at.lt(wanted.created_at - UNDER_WAY)));
    diesel::delete(row.filter(stale)).execute(conn)?;
    let inserted = diesel::insert_into(idempotency_keys::table).values(wanted).on_conflict_do_nothing().execute(conn)?;
    if inserted == 1 {
        return Ok(None);
    }
    Ok(Some(row.select(IdempotencyKey::as_select()).first(conn)?))
}

/// A reply to keep.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: i16,
    /// The media type, if there is a body.
    pub content_type: Option<String>,
    /// The body, unless it must not be kept.
    pub body: Option<Vec<u8>>,
}

/// Keeps the reply of the request that took the key.
pub fn idempotency_finish(conn: &mut PgConnection, taken: &IdempotencyKey, reply: Reply) -> Result<(), Error> {
    diesel::update(idempotency_keys::table.find((taken.workspace_id, taken.token_id, &taken.key)))
        .set((
            idempotency_keys::status.eq(reply.status),
            idempotency_keys::content_type.eq(reply.content_type),
            idempotency_keys::body.eq(reply.body),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives a key back: its request failed in a way that trying again may mend.
pub fn idempotency_release(conn: &mut PgConnection, workspace: WorkspaceId, token: TokenId, key: &str) -> Result<(), Error> {
    diesel::delete(idempotency_keys::table.find((workspace.0, token.0, key))).execute(conn)?;
    Ok(())
}

/// Forgets replies that are older than a day, in every workspace. Returns how many. Runs as the engine.
pub fn idempotency_sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(now - KEPT))).execute(conn)?)
}
