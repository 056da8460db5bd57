//! `execution_queue` and `nodes`: who may advance an execution.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Json, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
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
}

/// A lease.
#[derive(Debug, QueryableByName)]
pub struct LeaseRow {
    /// The execution.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// Its epoch.
    #[diesel(sql_type = Integer)]
    pub lease_epoch: i32,
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    instant: Option<DateTime<Utc>>,
}

/// Takes the lease of up to `limit` executions that are due and that nobody holds, in turns between workspaces.
pub fn claim(connection: &mut PgConnection, node: Uuid, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ClaimRow>> {
    Statement::new(include_str!("claim.sql"))
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(limit)
        .bind::<SqlUuid, _>(node)
        .bind::<Timestamptz, _>(now)
        .load(connection)
}

/// Takes over up to `limit` executions whose node has expired.
pub fn take_over(connection: &mut PgConnection, node: Uuid, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ClaimRow>> {
    Statement::new(
        // The queue is read only when some node has expired.
        "WITH expired AS MATERIALIZED (
             SELECT id FROM nodes WHERE expires_at <= $1
         ), lost AS (
             SELECT execution_id FROM execution_queue
             WHERE EXISTS (SELECT FROM expired) AND lease_node IN (SELECT id FROM expired)
             LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         UPDATE execution_queue q SET lease_node = $3, lease_epoch = lease_epoch + 1, takeovers = takeovers + 1
         FROM lost WHERE q.execution_id = lost.execution_id
         RETURNING q.execution_id, workspace_id, workflow_uid, version, lease_epoch, takeovers, cancel, pause,
             EXISTS (SELECT FROM concurrency_slots s WHERE s.workspace_id = q.workspace_id AND s.execution_id = q.execution_id
                     AND NOT s.holds) OR coalesce(q.starts_at > $4, false) AS blocked",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(node)
    .bind::<Timestamptz, _>(now)
    .load(connection)
}

/// What `node` holds.
pub fn held(connection: &mut PgConnection, node: Uuid) -> QueryResult<Vec<LeaseRow>> {
    Statement::new("SELECT execution_id, workspace_id, lease_epoch FROM execution_queue WHERE lease_node = $1")
        .bind::<SqlUuid, _>(node)
        .load(connection)
}

/// When the next execution that nobody holds is due.
pub fn next_due(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    Statement::new("SELECT min(available_at) AS instant FROM execution_queue WHERE lease_node IS NULL")
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

/// What a node says about itself.
#[derive(Debug, Clone)]
pub struct NodeRow {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// Until when it lives.
    pub expires_at: DateTime<Utc>,
    /// Whether it is stopping.
    pub draining: bool,
    /// How many executions it holds.
    pub running: i32,
    /// How many more it takes.
    pub free: i32,
}

/// A node lives; its first heartbeat registers it.
pub fn heartbeat(connection: &mut PgConnection, node: &NodeRow, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "INSERT INTO nodes (id, name, started_at, heartbeat_at, expires_at, draining, running, free)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at,
             draining = excluded.draining, running = excluded.running, free = excluded.free",
    )
    .bind::<SqlUuid, _>(node.id)
    .bind::<Text, _>(node.name.as_str())
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(node.expires_at)
    .bind::<Bool, _>(node.draining)
    .bind::<Integer, _>(node.running)
    .bind::<Integer, _>(node.free)
    .execute(connection)
}

/// Declares `node` dead, so that others take over what it holds.
pub fn expire_node(connection: &mut PgConnection, node: Uuid, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("UPDATE nodes SET expires_at = least(expires_at, $1) WHERE id = $2")
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(node)
        .execute(connection)
}

/// Forgets expired nodes that hold nothing any more.
pub fn forget_nodes(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "DELETE FROM nodes n WHERE expires_at <= $1
         AND NOT EXISTS (SELECT FROM execution_queue q WHERE q.lease_node = n.id)",
    )
    .bind::<Timestamptz, _>(now)
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

/// Makes the daily partitions from `first_day` on that are missing. Returns how many were made.
pub fn create_partitions(connection: &mut PgConnection, first_day: chrono::NaiveDate, days: i32) -> QueryResult<i32> {
    #[derive(QueryableByName)]
    struct CountRow {
        #[diesel(sql_type = Integer)]
        made: i32,
    }
    Statement::new("SELECT partitions_create($1, $2) AS made")
        .bind::<diesel::sql_types::Date, _>(first_day)
        .bind::<Integer, _>(days)
        .get_result::<CountRow>(connection)
        .map(|row| row.made)
}
