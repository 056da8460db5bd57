//! Concurrency keys: taken with an admission, given up with the end, first in, first out.
//!
//! All of it happens in the journal's transaction, under an advisory lock per key that is taken first, in one order. The first
//! executions of a key hold it, as many as may; the others are not due until one of them ends.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Json, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AdmitRow, AppendRow, column};
use crate::domain::workflow::concurrency::OnLimit;
use crate::store::Statement;

/// A concurrency key that an execution needs.
#[derive(Debug)]
pub struct SlotRow {
    /// The key.
    pub key: String,
    /// How many executions may hold it.
    pub most: i32,
    /// What happens when they do.
    pub on_limit: OnLimit,
    /// Why nobody may hold it, if its key can't be had.
    pub refusal: Option<String>,
}

/// A key of a workflow.
#[derive(Debug, Clone, QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = SqlUuid)]
    workspace_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    workflow_uid: Uuid,
    #[diesel(sql_type = Text)]
    key: String,
}

/// An execution that waits for its key, and the oldest one with that key.
#[derive(Debug, QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = SqlUuid)]
    execution_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    oldest: Uuid,
}

/// Locks every key that the batch is about, until the transaction ends.
pub(super) fn lock(connection: &mut PgConnection, admits: &[&AdmitRow], appends: &[AppendRow]) -> QueryResult<usize> {
    let wanted: Vec<_> = admits.iter().filter_map(|row| row.slot.as_ref().map(|slot| (row, slot))).collect();
    let ended: Vec<_> = appends.iter().filter(|row| row.gives_up_key).collect();
    Statement::new(
        "SELECT pg_advisory_xact_lock(hash) FROM (
             SELECT DISTINCT hashtextextended(workspace_id::text || workflow_uid::text || key, 0) AS hash FROM (
                 SELECT workspace_id, workflow_uid, key FROM unnest($1::uuid[], $2::uuid[], $3::text[])
                     AS t (workspace_id, workflow_uid, key)
                 UNION ALL
                 SELECT s.workspace_id, s.workflow_uid, s.key FROM concurrency_slots s
                 JOIN unnest($4::uuid[], $5::uuid[]) AS e (workspace_id, execution_id) USING (workspace_id, execution_id)
             ) AS keys ORDER BY hash
         ) AS hashes",
    )
    .bind::<Array<SqlUuid>, _>(column(&wanted, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&wanted, |(row, _)| row.workflow_uid))
    .bind::<Array<Text>, _>(column(&wanted, |(_, slot)| slot.key.as_str()))
    .bind::<Array<SqlUuid>, _>(column(&ended, |row| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&ended, |row| row.execution_id))
    .execute(connection)
}

/// Those that ended give up their keys, and the next ones of those keys are due.
pub(super) fn give_up(
    connection: &mut PgConnection,
    appends: &[AppendRow],
    fenced: &HashSet<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let ended: Vec<_> = appends.iter().filter(|row| row.gives_up_key && fenced.contains(&row.execution_id)).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let keys: Vec<KeyRow> = Statement::new(
        "DELETE FROM concurrency_slots s USING unnest($1::uuid[], $2::uuid[]) AS e (workspace_id, execution_id)
         WHERE s.workspace_id = e.workspace_id AND s.execution_id = e.execution_id
         RETURNING s.workspace_id, s.workflow_uid, s.key",
    )
    .bind::<Array<SqlUuid>, _>(column(&ended, |row| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&ended, |row| row.execution_id))
    .load(connection)?;
    promote(connection, &keys, now)
}

/// Those that were admitted stand in line for their keys; whoever is among the first holds its key.
pub(super) fn take(
    connection: &mut PgConnection,
    admits: &[&AdmitRow],
    admitted: &HashSet<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let new = admits.iter().filter(|row| admitted.contains(&row.id));
    let new: Vec<_> = new.filter_map(|row| row.slot.as_ref().map(|slot| (*row, slot))).collect();
    if new.is_empty() {
        return Ok(());
    }
    Statement::new(
        "INSERT INTO concurrency_slots (workspace_id, execution_id, workflow_uid, key, most)
         SELECT workspace_id, execution_id, workflow_uid, key, most
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[])
             WITH ORDINALITY AS t (workspace_id, execution_id, workflow_uid, key, most, place)
         ORDER BY place",
    )
    .bind::<Array<SqlUuid>, _>(column(&new, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&new, |(row, _)| row.id))
    .bind::<Array<SqlUuid>, _>(column(&new, |(row, _)| row.workflow_uid))
    .bind::<Array<Text>, _>(column(&new, |(_, slot)| slot.key.as_str()))
    .bind::<Array<Integer>, _>(column(&new, |(_, slot)| slot.most))
    .execute(connection)?;
    let keys: Vec<_> = new
        .iter()
        .map(|(row, slot)| KeyRow { workspace_id: row.workspace_id, workflow_uid: row.workflow_uid, key: slot.key.clone() })
        .collect();
    promote(connection, &keys, now)?;
    for WaitingRow { execution_id, oldest } in waiting(connection, &new)? {
        let Some((row, slot)) = new.iter().find(|(row, _)| row.id == execution_id) else { continue };
        limit(connection, row, slot, oldest, now)?;
    }
    Ok(())
}

/// What happens to an execution whose key is held by as many as may.
fn limit(connection: &mut PgConnection, row: &AdmitRow, slot: &SlotRow, oldest: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    let held = || format!("the concurrency key `{}` is held by execution {oldest}", slot.key);
    let by = "the concurrency limit";
    match slot.on_limit {
        OnLimit::Queue => postpone(connection, row.id, now),
        OnLimit::CancelOldest => {
            let reason = format!("execution {} with the concurrency key `{}` takes its place", row.id, slot.key);
            order(connection, oldest, &json!({"reason": reason, "by": by}), now)?;
            postpone(connection, row.id, now)
        }
        OnLimit::Skip => order(connection, row.id, &json!({"reason": held(), "by": by}), now),
        OnLimit::Fail => {
            let reason = slot.refusal.clone().unwrap_or_else(held);
            order(connection, row.id, &json!({"reason": reason, "by": by, "fail": true}), now)
        }
    }
}

/// The first ones of each of `keys` hold it, as many as the newest version says; those that are new to it are due.
fn promote(connection: &mut PgConnection, keys: &[KeyRow], now: DateTime<Utc>) -> QueryResult<()> {
    Statement::new(
        "WITH line AS (
             SELECT workspace_id, execution_id, holds,
                    row_number() OVER (PARTITION BY workspace_id, workflow_uid, key ORDER BY place) AS rank,
                    first_value(most) OVER (PARTITION BY workspace_id, workflow_uid, key ORDER BY place DESC) AS most
             FROM concurrency_slots
             WHERE (workspace_id, workflow_uid, key) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[]))
         ), promoted AS (
             UPDATE concurrency_slots s SET holds = true FROM line l
             WHERE s.workspace_id = l.workspace_id AND s.execution_id = l.execution_id AND NOT l.holds AND l.rank <= l.most
             RETURNING s.execution_id
         )
         UPDATE execution_queue q SET available_at = CASE WHEN q.starts_at > $4 THEN q.starts_at ELSE $5 - q.priority * interval '1 minute' END
         FROM promoted p WHERE q.execution_id = p.execution_id",
    )
    .bind::<Array<SqlUuid>, _>(column(keys, |row| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(keys, |row| row.workflow_uid))
    .bind::<Array<Text>, _>(column(keys, |row| row.key.as_str()))
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now)
    .execute(connection)
    .map(drop)
}

fn waiting(connection: &mut PgConnection, new: &[(&AdmitRow, &SlotRow)]) -> QueryResult<Vec<WaitingRow>> {
    Statement::new(
        "SELECT s.execution_id, (SELECT o.execution_id FROM concurrency_slots o
                 WHERE o.workspace_id = s.workspace_id AND o.workflow_uid = s.workflow_uid AND o.key = s.key
                 ORDER BY o.place LIMIT 1) AS oldest
         FROM concurrency_slots s
         JOIN unnest($1::uuid[], $2::uuid[]) AS e (workspace_id, execution_id) USING (workspace_id, execution_id)
         WHERE NOT s.holds ORDER BY s.place",
    )
    .bind::<Array<SqlUuid>, _>(column(new, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(new, |(row, _)| row.id))
    .load(connection)
}

/// Not due before it holds its key.
fn postpone(connection: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> QueryResult<()> {
    Statement::new("UPDATE execution_queue SET available_at = $1 WHERE execution_id = $2")
        .bind::<Timestamptz, _>(now + TimeDelta::days(36_500))
        .bind::<SqlUuid, _>(id)
        .execute(connection)
        .map(drop)
}

/// Orders an execution to end.
fn order(connection: &mut PgConnection, id: Uuid, cancel: &Value, now: DateTime<Utc>) -> QueryResult<()> {
    Statement::new(
        "UPDATE execution_queue SET cancel = coalesce(cancel, $1), available_at = least(available_at, $2) WHERE execution_id = $3",
    )
    .bind::<Json, _>(cancel.clone())
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(id)
    .execute(connection)
    .map(drop)
}
