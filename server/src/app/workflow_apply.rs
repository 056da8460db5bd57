//! How a file becomes a workflow or its next version, inside one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::api::workflow::ApplyOutcome;
use tidemill_common::ids::{UserId, WorkflowUid, WorkspaceId};

use super::{Error, IfMatch};
use crate::domain::workflow::plan::Plan;
use crate::store::queries::{workflow, workflow_version};
use crate::store::rows::workflow::Workflow;
use crate::store::rows::workflow_version::WorkflowVersion;
use crate::store::{self, Connection};

/// A file that compiles, and what its sender expects.
pub(super) struct File {
    pub(super) source: String,
    pub(super) sha256: Vec<u8>,
    pub(super) plan: Arc<Plan>,
    pub(super) if_match: Option<IfMatch>,
    pub(super) now: DateTime<Utc>,
    pub(super) by: UserId,
}

/// Nothing has been written when it refuses.
type Applied = Result<(ApplyOutcome, Workflow), Error>;

pub(super) fn apply(conn: &mut Connection, workspace: WorkspaceId, file: &File) -> Result<Applied, store::Error> {
    let present = workflow::workflow_lock(conn, workspace, &file.plan.id)?;
    let current = present.as_ref().map(|row| row.version);
    let expected = match file.if_match {
        None => true,
        Some(IfMatch::Exists) => current.is_some(),
        Some(IfMatch::Version(version)) => current == Some(version),
    };
    if !expected {
        return Ok(Err(Error::VersionMismatch { current }));
    }
    Ok(Ok(match present {
        None => (ApplyOutcome::Created, create(conn, workspace, file)?),
        Some(row) => update(conn, workspace, row, file)?,
    }))
}

fn create(conn: &mut Connection, workspace: WorkspaceId, file: &File) -> Result<Workflow, store::Error> {
    let row = Workflow {
        workspace_id: workspace.0,
        uid: WorkflowUid::new(file.now).0,
        id: file.plan.id.to_string(),
        name: file.plan.name.clone(),
        version: 1,
        active_version: None,
        created_at: file.now,
        updated_at: file.now,
    };
    workflow::workflow_insert(conn, &row)?;
    workflow_version::version_insert(conn, &version(&row, file))?;
    Ok(row)
}

fn update(
    conn: &mut Connection,
    workspace: WorkspaceId,
    mut row: Workflow,
    file: &File,
) -> Result<(ApplyOutcome, Workflow), store::Error> {
    let newest = workflow_version::version_get(conn, workspace, WorkflowUid(row.uid), row.version)?;
    if newest.sha256 == file.sha256 {
        return Ok((ApplyOutcome::Unchanged, row));
    }
    row.version += 1;
    row.name.clone_from(&file.plan.name);
    row.updated_at = file.now;
    workflow::workflow_update(conn, &row)?;
    workflow_version::version_insert(conn, &version(&row, file))?;
    Ok((ApplyOutcome::Updated, row))
}

fn version(row: &Workflow, file: &File) -> WorkflowVersion {
    WorkflowVersion {
        workspace_id: row.workspace_id,
        workflow_uid: row.uid,
        version: row.version,
        source: file.source.clone(),
        sha256: file.sha256.clone(),
        created_at: file.now,
        created_by: Some(file.by.0),
    }
}
