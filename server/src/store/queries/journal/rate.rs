//! Rate limits and priorities: when an execution that was just admitted may begin.
//!
//! A rate limit gives each execution its start when it is admitted, in the order of arrival: at the earliest one span after the
//! start of the one that came `limit` before it. The starts of a key are kept as long as they matter, under an advisory lock.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::{AdmitRow, column};
use crate::store::Statement;

/// How many executions of a key may begin within a span.
#[derive(Debug)]
pub struct RateRow {
    /// The key.
    pub key: String,
    /// How many may begin …
    pub most: i64,
    /// … within any span of this length.
    pub per: TimeDelta,
}

/// The start that an execution was given.
#[derive(QueryableByName)]
struct StartRow {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// Locks every key that the batch is about, until the transaction ends.
pub(super) fn lock(connection: &mut PgConnection, admits: &[&AdmitRow]) -> QueryResult<usize> {
    let wanted: Vec<_> = admits.iter().filter_map(|row| row.rate.as_ref().map(|rate| (row, rate))).collect();
    Statement::new(
        "SELECT pg_advisory_xact_lock(hash) FROM (
             SELECT DISTINCT hashtextextended('rate' || workspace_id::text || workflow_uid::text || key, 0) AS hash
             FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS t (workspace_id, workflow_uid, key) ORDER BY hash
         ) AS hashes",
    )
    .bind::<Array<SqlUuid>, _>(column(&wanted, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&wanted, |(row, _)| row.workflow_uid))
    .bind::<Array<Text>, _>(column(&wanted, |(_, rate)| rate.key.as_str()))
    .execute(connection)
}

/// Gives those that were admitted their starts, in the order of their arrival.
pub(super) fn take(
    connection: &mut PgConnection,
    admits: &[&AdmitRow],
    admitted: &HashSet<Uuid>,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let new = admits.iter().filter(|row| admitted.contains(&row.id));
    for (row, rate) in new.filter_map(|row| row.rate.as_ref().map(|rate| (row, rate))) {
        let start = start(connection, row, rate, now)?;
        Statement::new("DELETE FROM rate_starts WHERE workspace_id = $1 AND workflow_uid = $2 AND key = $3 AND n <= $4")
            .bind::<SqlUuid, _>(row.workspace_id)
            .bind::<SqlUuid, _>(row.workflow_uid)
            .bind::<Text, _>(rate.key.as_str())
            .bind::<BigInt, _>(start.n - rate.most)
            .execute(connection)?;
        if start.at > now {
            Statement::new("UPDATE execution_queue SET starts_at = $1, available_at = $2 WHERE execution_id = $3")
                .bind::<Timestamptz, _>(start.at)
                .bind::<Timestamptz, _>(start.at)
                .bind::<SqlUuid, _>(row.id)
                .execute(connection)?;
        }
    }
    Ok(())
}

fn start(connection: &mut PgConnection, row: &AdmitRow, rate: &RateRow, now: DateTime<Utc>) -> QueryResult<StartRow> {
    Statement::new(
        "WITH newest AS (
             SELECT n, at FROM rate_starts WHERE workspace_id = $1 AND workflow_uid = $2 AND key = $3 ORDER BY n DESC LIMIT 1
         )
         INSERT INTO rate_starts (workspace_id, workflow_uid, key, n, at)
         SELECT $4, $5, $6, coalesce((SELECT n FROM newest), 0) + 1,
                greatest($7, (SELECT at FROM newest),
                         (SELECT r.at + $8 * interval '1 millisecond' FROM rate_starts r, newest
                          WHERE r.workspace_id = $9 AND r.workflow_uid = $10 AND r.key = $11 AND r.n = newest.n + 1 - $12))
         RETURNING n, at",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(rate.key.as_str())
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(rate.key.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(rate.per.num_milliseconds())
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(rate.key.as_str())
    .bind::<BigInt, _>(rate.most)
    .get_result(connection)
}

/// Those of a higher priority that wait for a node are due a little before they came, and so are taken before others.
pub(super) fn prefer(connection: &mut PgConnection, admits: &[&AdmitRow], admitted: &HashSet<Uuid>) -> QueryResult<usize> {
    let preferred: Vec<_> = admits.iter().filter(|row| row.priority > 0 && admitted.contains(&row.id)).collect();
    Statement::new(
        "UPDATE execution_queue q SET priority = p.priority, available_at = q.available_at - p.priority * interval '1 minute'
         FROM unnest($1::uuid[], $2::smallint[]) AS p (execution_id, priority)
         WHERE q.execution_id = p.execution_id",
    )
    .bind::<Array<SqlUuid>, _>(column(&preferred, |row| row.id))
    .bind::<Array<SmallInt>, _>(column(&preferred, |row| row.priority))
    .execute(connection)
}
