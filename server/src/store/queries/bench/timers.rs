//! When waits ended, read from the events: what was appended is what happened.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text, Timestamptz};
use tidemill_common::ids::ExecutionId;

use crate::store::{Error, Statement};

/// What became of the waits of one workflow that were to end at the same instant.
#[derive(Debug, Clone, QueryableByName)]
pub struct TimersRow {
    /// Executions that waited.
    #[diesel(sql_type = BigInt)]
    pub waited: i64,
    /// Those of them whose wait ended exactly once.
    #[diesel(sql_type = BigInt)]
    pub once: i64,
    /// Those whose wait ended before the instant.
    #[diesel(sql_type = BigInt)]
    pub early: i64,
    /// How long after the instant half of the waits had ended, in milliseconds.
    #[diesel(sql_type = Double)]
    pub p50_ms: f64,
    /// 99 of 100.
    #[diesel(sql_type = Double)]
    pub p99_ms: f64,
    /// All.
    #[diesel(sql_type = Double)]
    pub last_ms: f64,
}

/// What became of the waits for `due` in the step `step`, of executions admitted from `since` on.
pub fn timers(url: &str, step: &str, since: ExecutionId, due: DateTime<Utc>) -> Result<TimersRow, Error> {
    let row = Statement::new(
        "WITH waits AS (
             SELECT count(*) FILTER (WHERE type = 'step_completed') AS ends,
                    min(extract(epoch FROM at - $1) * 1000) FILTER (WHERE type = 'step_completed') AS late
             FROM tidemill.execution_events
             WHERE execution_id >= $2 AND data ->> 'step' = $3 AND type IN ('step_waiting', 'step_completed')
             GROUP BY workspace_id, execution_id
         )
         SELECT count(*) AS waited, count(*) FILTER (WHERE ends = 1) AS once, count(*) FILTER (WHERE late < 0) AS early,
                coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY late), 0)::double precision AS p50_ms,
                coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY late), 0)::double precision AS p99_ms,
                coalesce(max(late), 0)::double precision AS last_ms
         FROM waits",
    )
    .bind::<Timestamptz, _>(due)
    .bind::<diesel::sql_types::Uuid, _>(since.0)
    .bind::<Text, _>(step)
    .get_result(&mut PgConnection::establish(url)?)?;
    Ok(row)
}
