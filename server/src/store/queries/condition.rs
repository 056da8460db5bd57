//! Condition and event triggers: which are due, and what they have seen.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::feed::Snapshot;
use super::happening::{self, Place};
use crate::store::{Error, Statement};

/// A live condition or event trigger.
#[derive(Debug, Clone, QueryableByName)]
pub struct ConditionRow {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The workflow.
    #[diesel(sql_type = SqlUuid)]
    pub workflow_uid: Uuid,
    /// The trigger.
    #[diesel(sql_type = Text)]
    pub trigger_id: String,
    /// The active version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// When the next check is due; none for events.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_at: Option<DateTime<Utc>>,
}

/// What a condition has seen so far.
#[derive(Debug, Clone, Default, QueryableByName)]
pub struct StateRow {
    /// When it was last checked.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub checked_at: Option<DateTime<Utc>>,
    /// When that last went well.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub succeeded_at: Option<DateTime<Utc>>,
    /// What it gave then, if that is small enough to be kept.
    #[diesel(sql_type = Nullable<Json>)]
    pub result: Option<Value>,
    /// Why the last check failed.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
    /// Whether the condition was true.
    #[diesel(sql_type = Bool)]
    pub holds: bool,
    /// How often it has fired.
    #[diesel(sql_type = BigInt)]
    pub fired: i64,
    /// When it last fired.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub fired_at: Option<DateTime<Utc>>,
}

/// A trigger that waits for internal events, and how far it has read.
#[derive(Debug, Clone, QueryableByName)]
pub struct ListenerRow {
    /// The trigger.
    #[diesel(embed)]
    pub trigger: ConditionRow,
    /// Where it goes on.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub feed_txid: Option<i64>,
    /// The place within the transaction.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub feed_position: Option<i64>,
    /// How far it has read the audit log.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub audit_seq: Option<i64>,
    /// What had happened when it became live.
    #[diesel(sql_type = Nullable<Text>)]
    pub begins: Option<String>,
}

impl ListenerRow {
    /// How far it has read; none when an older server activated it and it has not read yet.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        let place = Place { feed: (self.feed_txid?, self.feed_position?), audit: self.audit_seq? };
        Some(Reading { place, begins: self.begins.clone() })
    }
}

/// How far a trigger has read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Where it goes on.
    pub place: Place,
    begins: Option<String>,
}

impl Reading {
    /// What had happened when it became live; none when an older server has activated it.
    pub fn begins(&self) -> Result<Option<Snapshot>, Error> {
        let read = |text: &String| {
            Snapshot::parse(text).ok_or_else(|| Error::Corrupt(format!("the beginning of a trigger: `{text}`")))
        };
        self.begins.as_ref().map(read).transpose()
    }
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    instant: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Bytea)]
    key: Vec<u8>,
}

/// Up to `limit` conditions whose check is due at `now`.
pub fn due(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ConditionRow>> {
    Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version, t.next_at
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         WHERE t.next_at <= $1 AND t.type = 'condition' AND w.archived_at IS NULL AND w.delete_after IS NULL
         ORDER BY t.next_at LIMIT $2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// When the next check is due.
pub fn next(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    Statement::new(
        "SELECT min(t.next_at) AS instant FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         WHERE t.next_at IS NOT NULL AND t.type = 'condition' AND w.archived_at IS NULL AND w.delete_after IS NULL",
    )
    .get_result::<InstantRow>(connection)
    .map(|row| row.instant)
}

/// Has every condition looked at now that was looked at later than `now`: the clock was ahead then. What they have seen is not
/// later than now any more.
pub fn rearm(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "WITH ahead AS (
             UPDATE trigger_states SET checked_at = least(checked_at, $1), succeeded_at = least(succeeded_at, $1),
                 fired_at = least(fired_at, $1)
             WHERE checked_at > $1 RETURNING workspace_id, workflow_uid, trigger_id
         )
         UPDATE triggers t SET next_at = $1 FROM ahead a
         WHERE (t.workspace_id, t.workflow_uid, t.id) = (a.workspace_id, a.workflow_uid, a.trigger_id)
           AND t.type = 'condition' AND t.next_at > $1",
    )
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// Takes the check that is due: none is taken when somebody else has it, or the trigger was replaced.
pub fn take(connection: &mut PgConnection, row: &ConditionRow, next_at: Option<DateTime<Utc>>) -> QueryResult<usize> {
    Statement::new(
        "UPDATE triggers SET next_at = $1
         WHERE workspace_id = $2 AND workflow_uid = $3 AND id = $4 AND version = $5 AND next_at = $6",
    )
    .bind::<Nullable<Timestamptz>, _>(next_at)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Integer, _>(row.version)
    .bind::<Nullable<Timestamptz>, _>(row.next_at)
    .execute(connection)
}

/// What the trigger has seen.
pub fn state(connection: &mut PgConnection, row: &ConditionRow) -> QueryResult<Option<StateRow>> {
    Statement::new(
        "SELECT checked_at, succeeded_at, result, error, holds, fired, fired_at FROM trigger_states
         WHERE workspace_id = $1 AND workflow_uid = $2 AND trigger_id = $3",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .get_result(connection)
    .optional()
}

/// Keeps what the trigger has seen. Nothing is kept of a workflow that was deleted meanwhile.
pub fn keep(connection: &mut PgConnection, row: &ConditionRow, state: &StateRow) -> QueryResult<usize> {
    Statement::new(
        "INSERT INTO trigger_states AS s (workspace_id, workflow_uid, trigger_id, checked_at, succeeded_at, result, error,
             holds, fired, fired_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
         WHERE EXISTS (SELECT FROM workflows w WHERE w.workspace_id = $1 AND w.uid = $2)
         ON CONFLICT (workspace_id, workflow_uid, trigger_id) DO UPDATE SET checked_at = $4, succeeded_at = $5, result = $6,
             error = $7, holds = $8, fired = $9, fired_at = $10",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Nullable<Timestamptz>, _>(state.checked_at)
    .bind::<Nullable<Timestamptz>, _>(state.succeeded_at)
    .bind::<Nullable<Json>, _>(state.result.clone())
    .bind::<Nullable<Text>, _>(state.error.clone())
    .bind::<Bool, _>(state.holds)
    .bind::<BigInt, _>(state.fired)
    .bind::<Nullable<Timestamptz>, _>(state.fired_at)
    .execute(connection)
}

/// Those of `keys` that the trigger has not seen. Those it has seen are noted as still there, once a day.
pub fn unseen(
    connection: &mut PgConnection,
    row: &ConditionRow,
    keys: &[Vec<u8>],
    now: DateTime<Utc>,
) -> QueryResult<Vec<Vec<u8>>> {
    Statement::new(
        "UPDATE trigger_items SET seen_at = $5
         WHERE workspace_id = $1 AND workflow_uid = $2 AND trigger_id = $3 AND key = ANY($4) AND seen_at < $5 - interval '1 day'",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Array<Bytea>, _>(keys.to_vec())
    .bind::<Timestamptz, _>(now)
    .execute(connection)?;
    let rows: Vec<KeyRow> = Statement::new(
        "SELECT DISTINCT given.key FROM unnest($1) AS given (key)
         WHERE NOT EXISTS (SELECT FROM trigger_items i
             WHERE i.workspace_id = $2 AND i.workflow_uid = $3 AND i.trigger_id = $4 AND i.key = given.key)",
    )
    .bind::<Array<Bytea>, _>(keys.to_vec())
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .load(connection)?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}

/// Notes that the trigger has seen an item.
pub fn see(connection: &mut PgConnection, row: &ConditionRow, key: &[u8], now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "INSERT INTO trigger_items (workspace_id, workflow_uid, trigger_id, key, seen_at)
         SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT FROM workflows w WHERE w.workspace_id = $1 AND w.uid = $2)
         ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Bytea, _>(key.to_vec())
    .bind::<Timestamptz, _>(now)
    .execute(connection)
}

/// Forgets items that have not been seen since `before`.
pub fn forget_items(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("DELETE FROM trigger_items WHERE seen_at < $1").bind::<Timestamptz, _>(before).execute(connection)
}

/// How many triggers wait for internal events, and those of them that have something to read, or have not begun to. A condition has
/// none to wait for while it looks at those that it was told of.
pub fn listeners(connection: &mut PgConnection) -> QueryResult<(usize, Vec<ListenerRow>)> {
    let rows: Vec<ListenerRow> = Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version, t.next_at, s.feed_txid, s.feed_position, s.audit_seq,
                s.begins
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         LEFT JOIN trigger_states s ON (s.workspace_id, s.workflow_uid, s.trigger_id) = (t.workspace_id, t.workflow_uid, t.id)
         WHERE t.type IN ('event', 'condition') AND t.next_at IS NULL AND w.archived_at IS NULL AND w.delete_after IS NULL
         ORDER BY t.workspace_id",
    )
    .load(connection)?;
    let count = rows.len();
    let (reading, mut wanted): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.reading().is_some());
    let places: Vec<_> = reading.iter().filter_map(|row| Some((row.trigger.workspace_id, row.reading()?.place))).collect();
    let awake = happening::awake(connection, &places)?;
    wanted.extend(reading.into_iter().enumerate().filter(|(at, _)| awake.contains(at)).map(|(_, row)| row));
    Ok((count, wanted))
}

/// How far a trigger has read.
pub fn reading(connection: &mut PgConnection, row: &ConditionRow) -> QueryResult<Option<Reading>> {
    let row: Option<ListenerRow> = Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version, t.next_at, s.feed_txid, s.feed_position, s.audit_seq,
                s.begins
         FROM triggers t
         JOIN trigger_states s ON (s.workspace_id, s.workflow_uid, s.trigger_id) = (t.workspace_id, t.workflow_uid, t.id)
         WHERE t.workspace_id = $1 AND t.workflow_uid = $2 AND t.id = $3",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .get_result(connection)
    .optional()?;
    Ok(row.and_then(|row| row.reading()))
}

/// Has a condition that waits for events looked at now.
pub fn wake(connection: &mut PgConnection, row: &ConditionRow, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "UPDATE triggers SET next_at = $1
         WHERE workspace_id = $2 AND workflow_uid = $3 AND id = $4 AND version = $5 AND next_at IS NULL",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Integer, _>(row.version)
    .execute(connection)
}

/// Notes how far a trigger has read that had read to `from`, unless it was activated anew meanwhile. Without `from` it begins here.
pub fn read_to(connection: &mut PgConnection, row: &ConditionRow, from: Option<Place>, place: Place) -> QueryResult<usize> {
    Statement::new(
        "INSERT INTO trigger_states AS s (workspace_id, workflow_uid, trigger_id, feed_txid, feed_position, audit_seq)
         SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT FROM workflows w WHERE w.workspace_id = $1 AND w.uid = $2)
         ON CONFLICT (workspace_id, workflow_uid, trigger_id) DO UPDATE SET feed_txid = $4, feed_position = $5, audit_seq = $6
         WHERE s.audit_seq IS NULL OR (s.feed_txid, s.feed_position, s.audit_seq) = ($7, $8, $9)",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<BigInt, _>(place.feed.0)
    .bind::<BigInt, _>(place.feed.1)
    .bind::<BigInt, _>(place.audit)
    .bind::<Nullable<BigInt>, _>(from.map(|from| from.feed.0))
    .bind::<Nullable<BigInt>, _>(from.map(|from| from.feed.1))
    .bind::<Nullable<BigInt>, _>(from.map(|from| from.audit))
    .execute(connection)
}
