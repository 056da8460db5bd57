//! Versions of workflows: added, read, never changed.

use diesel::prelude::*;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use crate::store::Error;
use crate::store::rows::workflow_version::WorkflowVersion;
use crate::store::schema::workflow_versions;

/// The versions of a workflow, newest first, without their files.
pub fn version_list(conn: &mut PgConnection, workspace: WorkspaceId, workflow: WorkflowUid) -> Result<Vec<VersionHead>, Error> {
    Ok(workflow_versions::table
        .filter(workflow_versions::workspace_id.eq(workspace.0))
        .filter(workflow_versions::workflow_uid.eq(workflow.0))
        .order(workflow_versions::version.desc())
        .select(VersionHead::as_select())
        .load(conn)?)
}

/// A version without its file.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = workflow_versions)]
pub struct VersionHead {
    /// 1 is the first.
    pub version: i32,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// When it was made.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// One version.
pub fn version_get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    workflow: WorkflowUid,
    version: i32,
) -> Result<WorkflowVersion, Error> {
    Ok(workflow_versions::table.find((workspace.0, workflow.0, version)).select(WorkflowVersion::as_select()).first(conn)?)
}

/// Adds a version. [`Error::Conflict`] when the number is taken.
pub fn version_insert(conn: &mut PgConnection, version: &WorkflowVersion) -> Result<(), Error> {
    diesel::insert_into(workflow_versions::table).values(version).execute(conn)?;
    Ok(())
}

/// The newest files of these workflows: `(workflow, version)` pairs.
pub fn version_sources(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    wanted: &[(WorkflowUid, i32)],
) -> Result<Vec<WorkflowVersion>, Error> {
    let uids: Vec<_> = wanted.iter().map(|(uid, _)| uid.0).collect();
    let numbers: Vec<_> = wanted.iter().map(|(_, version)| *version).collect();
    let mut rows: Vec<WorkflowVersion> = workflow_versions::table
        .filter(workflow_versions::workspace_id.eq(workspace.0))
        .filter(workflow_versions::workflow_uid.eq_any(uids))
        .filter(workflow_versions::version.eq_any(numbers))
        .select(WorkflowVersion::as_select())
        .load(conn)?;
    rows.retain(|row| wanted.contains(&(WorkflowUid(row.workflow_uid), row.version)));
    Ok(rows)
}
