//! `execution_rollups`: metrics of finished executions, per hour.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::WorkspaceId;

use crate::store::{Error, Statement};

/// How many executions, or steps, ended so and took so long.
#[derive(Debug, Clone, QueryableByName)]
pub struct RollupRow {
    /// The `id` of the workflow's file.
    #[diesel(sql_type = Text)]
    pub workflow_id: String,
    /// The step; empty for the execution as a whole.
    #[diesel(sql_type = Text)]
    pub step: String,
    /// How it ended.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// The bucket of the duration.
    #[diesel(sql_type = SmallInt)]
    pub bucket: i16,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
    /// How long all of them took together.
    #[diesel(sql_type = BigInt)]
    pub total_ms: i64,
}

/// Rolls up at most `limit` rows of the feed. Returns how many; 0 when there is nothing more, or somebody else is at it.
pub fn roll_up(connection: &mut PgConnection, limit: i64) -> Result<i64, Error> {
    #[derive(QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let row: CountRow = Statement::new(include_str!("rollup.sql")).bind::<BigInt, _>(limit).get_result(connection)?;
    Ok(row.rows)
}

/// What ended in the hours from `since` on, of one workflow with its steps, or of all without.
pub fn read(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    workflow_id: Option<&str>,
    since: DateTime<Utc>,
) -> Result<Vec<RollupRow>, Error> {
    let rows = Statement::new(
        "SELECT workflow_id, step, status, bucket, sum(count)::bigint AS count, sum(total_ms)::bigint AS total_ms
         FROM execution_rollups
         WHERE workspace_id = $1 AND hour >= date_trunc('hour', $2, 'UTC')
           AND CASE WHEN $3::text IS NULL THEN step = '' ELSE workflow_id = $4 END
         GROUP BY workflow_id, step, status, bucket ORDER BY workflow_id, step, bucket",
    )
    .bind::<SqlUuid, _>(workspace.0)
    .bind::<Timestamptz, _>(since)
    .bind::<Nullable<Text>, _>(workflow_id)
    .bind::<Nullable<Text>, _>(workflow_id)
    .load(connection)?;
    Ok(rows)
}

/// Forgets hours of before `before`.
pub fn sweep(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(Statement::new("DELETE FROM execution_rollups WHERE hour < $1").bind::<Timestamptz, _>(before).execute(connection)?)
}
