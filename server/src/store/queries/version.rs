//! What the engine needs of a workflow version: its file, its place behind a webhook address.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bytea, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::{ExecutionId, WorkflowUid};
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
    /// The version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The key of its path.
    #[diesel(sql_type = Text)]
    pub path: String,
}

#[derive(QueryableByName)]
struct SourceRow {
    #[diesel(sql_type = Text)]
    source: String,
}

/// Whose steps want to use what is shared.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// Those of an execution.
    Execution(ExecutionId),
    /// Those of a version, or the checks of its triggers.
    Version(WorkflowUid, i32),
}

#[derive(QueryableByName)]
struct OwnerRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    created_by: Option<Uuid>,
}

/// Who saved the version; nobody when an older server kept it.
pub fn owner(connection: &mut PgConnection, workspace_id: Uuid, of: Of) -> QueryResult<Option<Uuid>> {
    let row: Option<OwnerRow> = match of {
        Of::Execution(id) => Statement::new(
            "SELECT v.created_by FROM executions e JOIN workflow_versions v
                 ON (v.workspace_id, v.workflow_uid, v.version) = (e.workspace_id, e.workflow_uid, e.version)
             WHERE e.workspace_id = $1 AND e.id = $2",
        )
        .bind::<SqlUuid, _>(workspace_id)
        .bind::<SqlUuid, _>(id.0)
        .get_result(connection)
        .optional()?,
        Of::Version(workflow, version) => Statement::new(
            "SELECT created_by FROM workflow_versions WHERE workspace_id = $1 AND workflow_uid = $2 AND version = $3",
        )
        .bind::<SqlUuid, _>(workspace_id)
        .bind::<SqlUuid, _>(workflow.0)
        .bind::<Integer, _>(version)
        .get_result(connection)
        .optional()?,
    };
    Ok(row.and_then(|row| row.created_by))
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

/// The active triggers that may be behind `/hooks/<workspace slug>/<path>`: the one with this path, and those with parameters and as
/// many segments.
pub fn webhooks(
    connection: &mut PgConnection,
    workspace_slug: &str,
    path: &str,
    segments: i32,
) -> QueryResult<Vec<WebhookRow>> {
    Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version, t.path
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id WHERE w.slug = $1 AND t.path = $2
           AND w.archived_at IS NULL AND w.delete_after IS NULL
         UNION ALL
         SELECT t.workspace_id, t.workflow_uid, t.id, t.version, t.path
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         WHERE w.slug = $1 AND t.path LIKE '%{}%' AND array_length(string_to_array(t.path, '/'), 1) = $3
           AND w.archived_at IS NULL AND w.delete_after IS NULL",
    )
    .bind::<Text, _>(workspace_slug)
    .bind::<Text, _>(path)
    .bind::<Integer, _>(segments)
    .load(connection)
}

/// The trigger behind a test address that still works at `now`.
pub fn tested(connection: &mut PgConnection, hash: &[u8], now: DateTime<Utc>) -> QueryResult<Option<WebhookRow>> {
    Statement::new(
        "SELECT workspace_id, workflow_uid, trigger_id, version, '' AS path FROM trigger_tests
         WHERE hash = $1 AND expires_at > $2",
    )
    .bind::<Bytea, _>(hash.to_vec())
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .optional()
}

/// Forgets test addresses that don't work any more.
pub fn tested_sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new("DELETE FROM trigger_tests WHERE expires_at <= $1").bind::<Timestamptz, _>(now).execute(connection)
}
