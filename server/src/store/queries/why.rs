//! Where an execution that has not ended stands: its place in the queue, its holder, and the nodes.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Json, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use crate::store::{Error, Statement};

/// An execution's place in the queue, and the node that holds it.
#[derive(Debug, Clone, QueryableByName)]
pub struct PlaceRow {
    /// When it is due.
    #[diesel(sql_type = Timestamptz)]
    pub available_at: DateTime<Utc>,
    /// When its rate limit lets it begin.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub starts_at: Option<DateTime<Utc>>,
    /// How many nodes were lost with it since it last came to rest.
    #[diesel(sql_type = SmallInt)]
    pub takeovers: i16,
    /// A request to cancel.
    #[diesel(sql_type = Nullable<Json>)]
    pub cancel: Option<Value>,
    /// The newest wish to pause or resume.
    #[diesel(sql_type = Nullable<Json>)]
    pub pause: Option<Value>,
    /// The node that holds it.
    #[diesel(sql_type = Nullable<Text>)]
    pub node: Option<String>,
    /// When that node was last heard of.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub heartbeat_at: Option<DateTime<Utc>>,
    /// Until when that node counts as alive.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The nodes that are alive.
#[derive(Debug, Clone, QueryableByName)]
pub struct NodesRow {
    /// How many there are.
    #[diesel(sql_type = BigInt)]
    pub alive: i64,
    /// How many of them are stopping.
    #[diesel(sql_type = BigInt)]
    pub draining: i64,
    /// How many more executions they take together.
    #[diesel(sql_type = BigInt)]
    pub free: i64,
    /// How many executions they hold.
    #[diesel(sql_type = BigInt)]
    pub running: i64,
}

/// The place of an execution; `None` when it has ended.
pub fn place(connection: &mut PgConnection, workspace: WorkspaceId, id: ExecutionId) -> Result<Option<PlaceRow>, Error> {
    let row = Statement::new(
        "SELECT q.available_at, q.starts_at, q.takeovers, q.cancel, q.pause, coalesce(n.name, q.lease_node::text) AS node, n.heartbeat_at,
                n.expires_at
         FROM execution_queue q LEFT JOIN nodes n ON n.id = q.lease_node
         WHERE q.workspace_id = $1 AND q.execution_id = $2",
    )
    .bind::<SqlUuid, _>(workspace.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(connection)
    .optional()?;
    Ok(row)
}

/// An execution's place in the line for its concurrency key.
#[derive(Debug, Clone, QueryableByName)]
pub struct LineRow {
    /// The key.
    #[diesel(sql_type = Text)]
    pub key: String,
    /// How many stand before it, those that hold the key included.
    #[diesel(sql_type = BigInt)]
    pub before: i64,
    /// The oldest one that holds the key.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub holder: Option<uuid::Uuid>,
}

/// The place of an execution that waits for its concurrency key; `None` when it doesn't.
pub fn line(connection: &mut PgConnection, workspace: WorkspaceId, id: ExecutionId) -> Result<Option<LineRow>, Error> {
    let row = Statement::new(
        "SELECT s.key, (SELECT count(*) FROM concurrency_slots b WHERE b.workspace_id = s.workspace_id
                            AND b.workflow_uid = s.workflow_uid AND b.key = s.key AND b.place < s.place) AS before,
                (SELECT h.execution_id FROM concurrency_slots h WHERE h.workspace_id = s.workspace_id
                     AND h.workflow_uid = s.workflow_uid AND h.key = s.key AND h.holds ORDER BY h.place LIMIT 1) AS holder
         FROM concurrency_slots s WHERE s.workspace_id = $1 AND s.execution_id = $2 AND NOT s.holds",
    )
    .bind::<SqlUuid, _>(workspace.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(connection)
    .optional()?;
    Ok(row)
}

/// The nodes that are alive at `now` and carry out executions.
pub fn nodes(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<NodesRow, Error> {
    let row = Statement::new(
        "SELECT count(*) AS alive, count(*) FILTER (WHERE draining) AS draining,
                coalesce(sum(free) FILTER (WHERE NOT draining), 0)::bigint AS free, coalesce(sum(running), 0)::bigint AS running
         FROM nodes WHERE expires_at > $1 AND roles LIKE '%executor%'",
    )
    .bind::<Timestamptz, _>(now)
    .get_result(connection)?;
    Ok(row)
}
