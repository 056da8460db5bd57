//! What the engine needs of a workflow version: its file, its place behind a webhook address or a clock.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::store::Statement;

/// A webhook trigger of an active version.
#[derive(Debug, QueryableByName)]
pub struct WebhookRow {
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
}

/// A schedule trigger that is due.
#[derive(Debug, QueryableByName)]
pub struct DueRow {
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
    /// The instant that is due.
    #[diesel(sql_type = Timestamptz)]
    pub next_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct SourceRow {
    #[diesel(sql_type = Text)]
    source: String,
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    instant: Option<DateTime<Utc>>,
}

/// The file of a version.
pub fn source(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    workflow_uid: Uuid,
    version: i32,
) -> QueryResult<Option<String>> {
    Statement::new("SELECT source FROM workflow_versions WHERE workspace_id = $1 AND workflow_uid = $2 AND version = $3")
        .bind::<SqlUuid, _>(workspace_id)
        .bind::<SqlUuid, _>(workflow_uid)
        .bind::<Integer, _>(version)
        .get_result::<SourceRow>(connection)
        .optional()
        .map(|row| row.map(|row| row.source))
}

/// The active trigger behind `/hooks/<workspace slug>/<path>`.
pub fn webhook(connection: &mut PgConnection, workspace_slug: &str, path: &str) -> QueryResult<Option<WebhookRow>> {
    Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id WHERE w.slug = $1 AND t.path = $2",
    )
    .bind::<Text, _>(workspace_slug)
    .bind::<Text, _>(path)
    .get_result(connection)
    .optional()
}

/// Up to `limit` schedule triggers whose next instant is at or before `now`.
pub fn due_schedules(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<DueRow>> {
    Statement::new(
        "SELECT workspace_id, workflow_uid, id AS trigger_id, version, next_at FROM triggers
         WHERE next_at <= $1 ORDER BY next_at LIMIT $2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// Moves a schedule trigger on, unless somebody else has or the trigger was replaced meanwhile.
pub fn advance_schedule(connection: &mut PgConnection, due: &DueRow, next_at: Option<DateTime<Utc>>) -> QueryResult<usize> {
    Statement::new(
        "UPDATE triggers SET next_at = $1
         WHERE workspace_id = $2 AND workflow_uid = $3 AND id = $4 AND version = $5 AND next_at = $6",
    )
    .bind::<Nullable<Timestamptz>, _>(next_at)
    .bind::<SqlUuid, _>(due.workspace_id)
    .bind::<SqlUuid, _>(due.workflow_uid)
    .bind::<Text, _>(due.trigger_id.clone())
    .bind::<Integer, _>(due.version)
    .bind::<Timestamptz, _>(due.next_at)
    .execute(connection)
}

/// When the next schedule trigger of any workspace is due.
pub fn next_schedule(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    Statement::new("SELECT min(next_at) AS instant FROM triggers WHERE next_at IS NOT NULL")
        .get_result::<InstantRow>(connection)
        .map(|row| row.instant)
}
