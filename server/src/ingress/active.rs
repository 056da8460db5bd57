//! Finds the version of a workflow that is started by its id: the active one, else the newest.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use crate::domain::workflow::plan::Plan;
use crate::executor::{VersionError, Versions};
use crate::store::queries::workflow;
use crate::store::{self, Database};

/// A workflow version that can be started.
#[derive(Debug)]
pub(super) struct Startable {
    pub(super) workflow_uid: WorkflowUid,
    pub(super) version: i32,
    pub(super) plan: Arc<Plan>,
    /// The body with the defaults of the workflow's `inputs`, if any was missing.
    pub(super) completed: Option<Value>,
}

/// Why another workflow can't be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStarted {
    /// It may be possible later.
    #[error("not yet")]
    NotYet,
    /// This node is stopping; another one can.
    #[error("not here")]
    NotHere,
    /// It never will.
    #[error("{0}")]
    Never(String),
}

/// The version of the workflow `id` that is started, and whether `body` fits its `inputs`.
pub(super) async fn startable(
    (database, versions): (&Database, &Versions),
    workspace_id: WorkspaceId,
    id: &str,
    body: &Value,
) -> Result<Startable, NotStarted> {
    let wanted = id.to_owned();
    let found = database.with_tenant(workspace_id, move |conn| workflow::workflow_get(conn, workspace_id, &wanted)).await;
    let row = found.map_err(|error| match error {
        store::Error::NotFound => NotStarted::Never(format!("there is no workflow `{id}` in this workspace")),
        _ => NotStarted::NotYet,
    })?;
    let (workflow_uid, version) = (WorkflowUid(row.uid), row.active_version.unwrap_or(row.version));
    let plan = versions.plan((workspace_id, workflow_uid, version)).await.map_err(|error| match error {
        VersionError::Store(_) => NotStarted::NotYet,
        error => NotStarted::Never(format!("version {version} of `{id}`: {error}")),
    })?;
    let completed = plan.complete_input(body).map_err(|violations| {
        NotStarted::Never(format!("this doesn't fit the `inputs` of `{id}`: {}", violations.join("; ")))
    })?;
    Ok(Startable { workflow_uid, version, plan, completed })
}

impl From<crate::admission::Refusal> for NotStarted {
    fn from(refusal: crate::admission::Refusal) -> Self {
        use crate::admission::Refusal;
        match refusal {
            Refusal::Rejected => Self::Never("the database refused it".to_owned()),
            Refusal::QuotaExceeded(quota) => Self::Never(quota.to_string()),
            Refusal::Draining => Self::NotHere,
            Refusal::Overloaded | Refusal::Unavailable => Self::NotYet,
        }
    }
}
