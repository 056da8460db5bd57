//! Replays under way: dead letters that wait for their turn, or for the canaries of their replay.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::store::{Error, Statement};

/// A dead letter whose turn has come.
#[derive(Debug, QueryableByName)]
pub struct DueRow {
    /// The workspace.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The execution to try again.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// The replay.
    #[diesel(sql_type = SqlUuid)]
    pub replay_id: Uuid,
    /// `start` or `failed`.
    #[diesel(sql_type = Text)]
    pub replay_from: String,
    /// What changes about its input.
    #[diesel(sql_type = Nullable<Json>)]
    pub replay_patch: Option<serde_json::Value>,
}

/// What the canaries of a replay say.
#[derive(Debug, QueryableByName)]
pub struct CanaryRow {
    /// The workspace.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The replay.
    #[diesel(sql_type = SqlUuid)]
    pub replay_id: Uuid,
    /// Whether one failed, or could not be replayed.
    #[diesel(sql_type = Bool)]
    pub failed: bool,
    /// Whether all succeeded.
    #[diesel(sql_type = Bool)]
    pub succeeded: bool,
}

/// Whether anything waits, and when the next one's turn comes.
#[derive(Debug, QueryableByName)]
pub struct WaitingRow {
    /// How many wait for canaries.
    #[diesel(sql_type = BigInt)]
    pub held: i64,
    /// When the next turn comes.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_at: Option<DateTime<Utc>>,
}

/// Whether anything waits.
pub fn waiting(connection: &mut PgConnection) -> Result<WaitingRow, Error> {
    let row = Statement::new(
        "SELECT count(*) FILTER (WHERE replay_at IS NULL) AS held, min(replay_at) AS next_at
         FROM dead_letters WHERE state = 'waiting'",
    )
    .get_result(connection)?;
    Ok(row)
}

/// Up to `limit` dead letters whose turn has come.
pub fn due(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueRow>, Error> {
    let rows = Statement::new(
        "SELECT workspace_id, execution_id, replay_id, replay_from, replay_patch FROM dead_letters
         WHERE state = 'waiting' AND replay_at <= $1 ORDER BY replay_at LIMIT $2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows)
}

/// A dead letter was replayed as `again`.
pub fn replayed(connection: &mut PgConnection, row: &DueRow, again: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    Statement::new(
        "UPDATE dead_letters SET state = 'replayed', replayed_as = $1, settled_at = $2
         WHERE workspace_id = $3 AND execution_id = $4 AND state = 'waiting' AND replay_id = $5",
    )
    .bind::<SqlUuid, _>(again)
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.execution_id)
    .bind::<SqlUuid, _>(row.replay_id)
    .execute(connection)?;
    Ok(())
}

/// A dead letter can't be replayed: it is open again, and says why.
pub fn refused(connection: &mut PgConnection, row: &DueRow, why: &str) -> Result<(), Error> {
    Statement::new(
        "UPDATE dead_letters SET state = 'open', reason = $1
         WHERE workspace_id = $2 AND execution_id = $3 AND state = 'waiting' AND replay_id = $4",
    )
    .bind::<Text, _>(why)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.execution_id)
    .bind::<SqlUuid, _>(row.replay_id)
    .execute(connection)?;
    Ok(())
}

/// What the canaries say of replays that wait for them.
pub fn canaries(connection: &mut PgConnection) -> Result<Vec<CanaryRow>, Error> {
    let rows = Statement::new(
        "SELECT c.workspace_id, c.replay_id,
                bool_or(c.state IN ('open', 'discarded') OR coalesce(e.status IN ('failed', 'cancelled', 'dead_letter'), false)) AS failed,
                bool_and(coalesce(e.status = 'succeeded', false)) AS succeeded
         FROM (SELECT DISTINCT workspace_id, replay_id FROM dead_letters WHERE state = 'waiting' AND replay_at IS NULL) held
         JOIN dead_letters c USING (workspace_id, replay_id)
         LEFT JOIN executions e ON e.workspace_id = c.workspace_id AND e.id = c.replayed_as
         WHERE c.canary
         GROUP BY c.workspace_id, c.replay_id",
    )
    .load(connection)?;
    Ok(rows)
}

/// The canaries succeeded: the others follow at the rate of their replay.
pub fn release(connection: &mut PgConnection, row: &CanaryRow, now: DateTime<Utc>) -> Result<usize, Error> {
    let released = Statement::new(
        "UPDATE dead_letters d SET replay_at = $1 + (n.place - 1) * interval '1 second' / d.replay_rate
         FROM (SELECT execution_id, row_number() OVER (ORDER BY execution_id) AS place FROM dead_letters
               WHERE workspace_id = $2 AND replay_id = $3 AND state = 'waiting' AND replay_at IS NULL) n
         WHERE d.workspace_id = $4 AND d.execution_id = n.execution_id AND d.state = 'waiting' AND d.replay_at IS NULL",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.replay_id)
    .bind::<SqlUuid, _>(row.workspace_id)
    .execute(connection)?;
    Ok(released)
}

/// A canary failed: the others stay dead letters.
pub fn call_off(connection: &mut PgConnection, row: &CanaryRow) -> Result<usize, Error> {
    let called_off = Statement::new(
        "UPDATE dead_letters SET state = 'open', reason = 'a canary of the replay failed'
         WHERE workspace_id = $1 AND replay_id = $2 AND state = 'waiting' AND replay_at IS NULL",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.replay_id)
    .execute(connection)?;
    Ok(called_off)
}
