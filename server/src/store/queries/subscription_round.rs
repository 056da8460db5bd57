//! The rounds of subscriptions, for all workspaces: who reads on, what is told, what is delivered next. Runs as the engine.
//!
//! Time is that of the database, so that nodes whose clocks differ agree on what is due and what was given up.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Json, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::happening::{self, Place};
use super::sealed::SealedRow;
use super::subscription::{delivery_give_up, delivery_insert};
use crate::store::rows::subscription::SubscriptionDelivery;
use crate::store::{Error, Statement};

/// A subscription that reads on.
#[derive(Debug, Clone, QueryableByName)]
pub struct ReaderRow {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The subscription.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The events that it is told.
    #[diesel(sql_type = Array<Text>)]
    pub events: Vec<String>,
    /// The workflow that they must have happened to.
    #[diesel(sql_type = Nullable<Text>)]
    pub workflow: Option<String>,
    /// What had happened when it began.
    #[diesel(sql_type = Text)]
    pub begins: String,
    /// How far it has read the feed: the transaction.
    #[diesel(sql_type = BigInt)]
    pub feed_txid: i64,
    /// The place within the transaction.
    #[diesel(sql_type = BigInt)]
    pub feed_position: i64,
    /// How far it has read the audit log.
    #[diesel(sql_type = BigInt)]
    pub audit_seq: i64,
    /// Whether so much waits to be delivered that it reads no further for now.
    #[diesel(sql_type = Bool)]
    pub full: bool,
}

impl ReaderRow {
    /// How far it has read.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { feed: (self.feed_txid, self.feed_position), audit: self.audit_seq }
    }
}

/// A delivery whose next attempt is this node's.
#[derive(Debug, QueryableByName)]
pub struct DueRow {
    /// The delivery.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Its subscription.
    #[diesel(sql_type = SqlUuid)]
    pub subscription_id: Uuid,
    /// Where it goes.
    #[diesel(sql_type = Text)]
    pub url: String,
    /// What is sent.
    #[diesel(sql_type = Json)]
    pub payload: Value,
    /// Which attempt this is, from 1.
    #[diesel(sql_type = Integer)]
    pub attempt: i32,
    /// Whether the signing key before the present one signs as well.
    #[diesel(sql_type = Bool)]
    pub both_keys: bool,
    /// The signing keys, sealed.
    #[diesel(embed)]
    pub sealed: SealedRow,
}

/// What is kept of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptRow {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The delivery.
    pub id: Uuid,
    /// Its subscription.
    pub subscription_id: Uuid,
    /// Which attempt it was.
    pub attempt: i32,
    /// What the delivery is now.
    pub state: &'static str,
    /// When the next attempt is due, from now on.
    pub again: Option<TimeDelta>,
    /// The status of the answer.
    pub status: Option<i16>,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
}

/// How many enabled subscriptions there are in live workspaces, and those of them that are full, with `most` waiting deliveries, or
/// have something to read.
pub fn readers(conn: &mut PgConnection, most: i64) -> QueryResult<(usize, Vec<ReaderRow>)> {
    let rows: Vec<ReaderRow> = Statement::new(
        "SELECT s.workspace_id, s.id, s.events, s.workflow, s.begins, s.feed_txid, s.feed_position, s.audit_seq,
                (SELECT count(*) FROM (SELECT FROM subscription_deliveries d WHERE d.workspace_id = s.workspace_id
                     AND d.subscription_id = s.id AND d.next_at IS NOT NULL LIMIT $1) AS waiting) >= $2 AS full
         FROM event_subscriptions s JOIN workspaces w ON w.id = s.workspace_id
         WHERE s.disabled IS NULL AND w.archived_at IS NULL AND w.delete_after IS NULL ORDER BY s.workspace_id, s.id",
    )
    .bind::<BigInt, _>(most)
    .bind::<BigInt, _>(most)
    .load(conn)?;
    let places: Vec<_> = rows.iter().map(|row| (row.workspace_id, row.place())).collect();
    let (count, awake) = (rows.len(), happening::awake(conn, &places)?);
    let wanted = rows.into_iter().enumerate().filter(|(at, row)| row.full || awake.contains(at));
    Ok((count, wanted.map(|(_, row)| row).collect()))
}

/// Moves a subscription on and adds what it is told, unless somebody else has done so meanwhile.
pub fn tell(conn: &mut PgConnection, from: &ReaderRow, to: Place, told: &[SubscriptionDelivery]) -> Result<(), Error> {
    let moved = Statement::new(
        "UPDATE event_subscriptions SET feed_txid = $1, feed_position = $2, audit_seq = $3
         WHERE workspace_id = $4 AND id = $5 AND feed_txid = $6 AND feed_position = $7 AND audit_seq = $8 AND disabled IS NULL",
    )
    .bind::<BigInt, _>(to.feed.0)
    .bind::<BigInt, _>(to.feed.1)
    .bind::<BigInt, _>(to.audit)
    .bind::<SqlUuid, _>(from.workspace_id)
    .bind::<SqlUuid, _>(from.id)
    .bind::<BigInt, _>(from.feed_txid)
    .bind::<BigInt, _>(from.feed_position)
    .bind::<BigInt, _>(from.audit_seq)
    .execute(conn)?;
    if moved > 0 {
        for row in told {
            delivery_insert(conn, row)?;
        }
    }
    Ok(())
}

/// Takes up to `limit` deliveries that are due, up to `each` of one subscription and none of those in `busy`. Whoever takes one
/// has `lease` seconds for the attempt; then somebody else repeats it.
pub fn take_due(conn: &mut PgConnection, (each, limit): (i64, i64), busy: &[Uuid], lease: i64) -> QueryResult<Vec<DueRow>> {
    Statement::new(
        "WITH due AS (
             SELECT d.workspace_id, d.id FROM event_subscriptions s JOIN workspaces w ON w.id = s.workspace_id
             CROSS JOIN LATERAL (
                 SELECT q.workspace_id, q.id FROM subscription_deliveries q
                 WHERE q.workspace_id = s.workspace_id AND q.subscription_id = s.id AND q.next_at <= now()
                 ORDER BY q.next_at LIMIT $1 FOR UPDATE SKIP LOCKED
             ) AS d
             WHERE s.disabled IS NULL AND NOT s.id = ANY($2) AND w.archived_at IS NULL AND w.delete_after IS NULL LIMIT $3
         ), taken AS (
             UPDATE subscription_deliveries d
             SET attempts = d.attempts + 1, attempted_at = now(), next_at = now() + $4 * interval '1 second'
             FROM due WHERE (d.workspace_id, d.id) = (due.workspace_id, due.id)
             RETURNING d.workspace_id, d.id, d.subscription_id, d.payload, d.attempts
         )
         SELECT t.id, t.subscription_id, s.url, t.payload, t.attempts AS attempt,
                coalesce(s.old_key_until > now(), false) AS both_keys,
                s.workspace_id, s.name, 'subscription' AS kind, '' AS settings, s.key_version, s.nonce, s.ciphertext,
                k.key_version AS data_key_version, k.nonce AS data_key_nonce, k.ciphertext AS data_key
         FROM taken t JOIN event_subscriptions s ON (s.workspace_id, s.id) = (t.workspace_id, t.subscription_id)
         LEFT JOIN data_keys k ON (k.workspace_id, k.version) = (s.workspace_id, s.key_version)",
    )
    .bind::<BigInt, _>(each)
    .bind::<Array<SqlUuid>, _>(busy.to_vec())
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(lease)
    .load(conn)
}

/// Keeps what came of an attempt, unless somebody else has made another one. Returns since when the subscription fails.
pub fn attempted(conn: &mut PgConnection, row: &AttemptRow) -> QueryResult<Option<DateTime<Utc>>> {
    #[derive(QueryableByName)]
    struct SinceRow {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        failing_since: Option<DateTime<Utc>>,
    }
    let kept = Statement::new(
        "UPDATE subscription_deliveries
         SET state = $1, next_at = now() + $2 * interval '1 millisecond', status = $3, error = $4, duration_ms = $5
         WHERE workspace_id = $6 AND id = $7 AND attempts = $8 AND next_at IS NOT NULL",
    )
    .bind::<Text, _>(row.state)
    .bind::<Nullable<BigInt>, _>(row.again.map(|again| again.num_milliseconds()))
    .bind::<Nullable<SmallInt>, _>(row.status)
    .bind::<Nullable<Text>, _>(row.error.as_deref())
    .bind::<Integer, _>(row.duration_ms)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.id)
    .bind::<Integer, _>(row.attempt)
    .execute(conn)?;
    if kept == 0 {
        return Ok(None);
    }
    // Most attempts change nothing about the subscription.
    let changed: Option<SinceRow> = Statement::new(
        "UPDATE event_subscriptions SET failing_since = CASE WHEN $1 THEN coalesce(failing_since, now()) END
         WHERE workspace_id = $2 AND id = $3 AND (failing_since IS NOT NULL OR $1) RETURNING failing_since",
    )
    .bind::<Bool, _>(row.error.is_some())
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.subscription_id)
    .get_result(conn)
    .optional()?;
    Ok(changed.and_then(|row| row.failing_since))
}

/// Disables a subscription for `reason`, and what waits comes to nothing. Returns its organisation, name and address; none when it was
/// disabled or is gone.
pub fn disable(conn: &mut PgConnection, subscription: (Uuid, Uuid), reason: &str) -> Result<Option<DisabledRow>, Error> {
    let found = Statement::new(
        "UPDATE event_subscriptions s SET disabled = $1, updated_at = now() FROM workspaces w
         WHERE w.id = s.workspace_id AND s.workspace_id = $2 AND s.id = $3 AND s.disabled IS NULL
         RETURNING w.organization_id, s.name",
    )
    .bind::<Text, _>(reason)
    .bind::<SqlUuid, _>(subscription.0)
    .bind::<SqlUuid, _>(subscription.1)
    .get_result(conn)
    .optional()?;
    if found.is_some() {
        delivery_give_up(conn, subscription, reason)?;
    }
    Ok(found)
}

/// A subscription that was disabled.
#[derive(Debug, QueryableByName)]
pub struct DisabledRow {
    /// Whose it is.
    #[diesel(sql_type = SqlUuid)]
    pub organization_id: Uuid,
    /// What it is for.
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// Forgets deliveries that have ended and are older than `before`.
pub fn sweep(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("DELETE FROM subscription_deliveries WHERE created_at < $1 AND next_at IS NULL")
        .bind::<Timestamptz, _>(before)
        .execute(conn)
}
