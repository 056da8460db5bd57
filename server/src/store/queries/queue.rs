//! `execution_queue`: who may advance an execution.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Json, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::store::Statement;

/// An execution that this node now holds the lease of.
#[derive(Debug, QueryableByName)]
pub struct ClaimRow {
    /// The execution.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The workflow.
    #[diesel(sql_type = SqlUuid)]
    pub workflow_uid: Uuid,
    /// The version that is executed.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The lease's epoch.
    #[diesel(sql_type = Integer)]
    pub lease_epoch: i32,
    /// How often a node was lost with it.
    #[diesel(sql_type = SmallInt)]
    pub takeovers: i16,
    /// A request to cancel: `{"reason": …, "by": …}`.
    #[diesel(sql_type = Nullable<Json>)]
    pub cancel: Option<Value>,
    /// The newest wish to pause or resume: `{"on": …, "reason": …, "by": …}`.
    #[diesel(sql_type = Nullable<Json>)]
    pub pause: Option<Value>,
    /// Whether it waits for a concurrency key, or for the time at which its rate limit lets it begin.
    #[diesel(sql_type = Bool)]
    pub blocked: bool,
    /// Since when it was due.
    #[diesel(sql_type = Timestamptz)]
    pub available_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    instant: Option<DateTime<Utc>>,
}

/// Takes the lease of up to `limit` executions that are due and that nobody holds, in turns between workspaces.
/// Those that were due before `floor` are left.
pub fn claim(
    connection: &mut PgConnection,
    node: Uuid,
    (floor, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> QueryResult<Vec<ClaimRow>> {
    Statement::new(include_str!("claim.sql"))
        .bind::<Timestamptz, _>(floor)
        .bind::<Timestamptz, _>(floor)
        .bind::<Timestamptz, _>(floor)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(floor)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(limit)
        .bind::<SqlUuid, _>(node)
        .bind::<Timestamptz, _>(now)
        .load(connection)
}

/// Takes over up to `limit` executions whose node has expired, and of those with which a node was lost before, the suspects,
/// `suspects` at most.
pub fn take_over(connection: &mut PgConnection, node: Uuid, limit: i64, suspects: i64) -> QueryResult<Vec<ClaimRow>> {
    Statement::new(include_str!("take_over.sql"))
        .bind::<SqlUuid, _>(node)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(suspects)
        .bind::<SqlUuid, _>(node)
        .load(connection)
}

/// When the next execution that nobody holds is due, of those that are due from `floor` on.
pub fn next_due(connection: &mut PgConnection, floor: DateTime<Utc>) -> QueryResult<Option<DateTime<Utc>>> {
    Statement::new("SELECT min(available_at) AS instant FROM execution_queue WHERE lease_node IS NULL AND available_at >= $1")
        .bind::<Timestamptz, _>(floor)
        .get_result::<InstantRow>(connection)
        .map(|row| row.instant)
}

/// Gives back a lease without an append: the execution could not be taken up. It is due again at `available_at`.
pub fn give_back(
    connection: &mut PgConnection,
    node: Uuid,
    execution_id: Uuid,
    epoch: i32,
    available_at: DateTime<Utc>,
) -> QueryResult<usize> {
    Statement::new(
        "UPDATE execution_queue SET lease_node = NULL, available_at = $1
         WHERE execution_id = $2 AND lease_node = $3 AND lease_epoch = $4",
    )
    .bind::<Timestamptz, _>(available_at)
    .bind::<SqlUuid, _>(execution_id)
    .bind::<SqlUuid, _>(node)
    .bind::<Integer, _>(epoch)
    .execute(connection)
}

/// Gives back a lease after a failure that is not the world's: it counts as if a node was lost, so that the third one ends it.
pub fn give_back_failed(
    connection: &mut PgConnection,
    node: Uuid,
    execution_id: Uuid,
    epoch: i32,
    available_at: DateTime<Utc>,
) -> QueryResult<usize> {
    Statement::new(
        "UPDATE execution_queue SET lease_node = NULL, takeovers = takeovers + 1, available_at = $1
         WHERE execution_id = $2 AND lease_node = $3 AND lease_epoch = $4",
    )
    .bind::<Timestamptz, _>(available_at)
    .bind::<SqlUuid, _>(execution_id)
    .bind::<SqlUuid, _>(node)
    .bind::<Integer, _>(epoch)
    .execute(connection)
}

/// Gives back everything that `node` holds, for a clean stop.
pub fn release_node(connection: &mut PgConnection, node: Uuid, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("UPDATE execution_queue SET lease_node = NULL, available_at = $1 WHERE lease_node = $2")
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(node)
        .execute(connection)
}

/// Forgets starts of executions under a rate limit that matter to nobody any more.
pub fn rate_starts_sweep(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("DELETE FROM rate_starts WHERE at < $1").bind::<Timestamptz, _>(before).execute(connection)
}
