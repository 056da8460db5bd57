//! Failures: they start the workflow that `on_failure` names.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};

use crate::admission::{Admission, Arrival, Outcome, Refusal};
use crate::domain::execution::{FAILURE_TRIGGER, FailureReport};
use crate::domain::workflow::plan::Plan;
use crate::executor::{Failures, VersionError, Versions};
use crate::journal::Delivery;
use crate::store::queries::workflow;
use crate::store::{self, Database};

/// Between two tries while the database is away or there is no room.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the executions that hear of failures.
#[derive(Debug, Clone)]
pub struct FailureStarts {
    database: Database,
    versions: Versions,
    admission: Admission,
}

/// Why a failure could not be told.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    /// It may be possible later.
    #[error("not yet")]
    NotYet,
    /// It never will.
    #[error("{0}")]
    Never(String),
}

impl FailureStarts {
    /// Starts that go through `admission`.
    #[must_use]
    pub fn new(database: Database, versions: Versions, admission: Admission) -> Self {
        Self { database, versions, admission }
    }

    async fn start(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: &FailureReport,
    ) -> Result<ExecutionId, Unheard> {
        let (workflow_uid, version, plan) = self.listener(workspace_id, &report.workflow_id).await?;
        let body = report.input.get("body").unwrap_or(&serde_json::Value::Null);
        plan.check_input(body).map_err(|violations| {
            Unheard::Never(format!(
                "the failure doesn't fit the `inputs` of `{}`: {}",
                report.workflow_id,
                violations.join("; ")
            ))
        })?;
        let execution_id = self.admission.next_id();
        let arrival = Arrival {
            execution_id,
            workspace_id,
            workflow_uid,
            version,
            plan,
            trigger: TriggerOrigin { kind: FAILURE_TRIGGER.into(), id: None },
            input: Arc::clone(&report.input),
            delivery: Some(Delivery { source: "on_failure".to_owned(), key: failed.to_string() }),
            retry: None,
        };
        match self.admission.admit(arrival).await {
            Ok(Outcome::Admitted) => Ok(execution_id),
            Ok(Outcome::Duplicate(id)) => Ok(id),
            Err(Refusal::Rejected) => Err(Unheard::Never("the database refused it".to_owned())),
            Err(_) => Err(Unheard::NotYet),
        }
    }

    /// The version that hears of the failure: the active one, else the newest.
    async fn listener(&self, workspace_id: WorkspaceId, id: &str) -> Result<(WorkflowUid, i32, Arc<Plan>), Unheard> {
        let wanted = id.to_owned();
        let found =
            self.database.with_tenant(workspace_id, move |conn| workflow::workflow_get(conn, workspace_id, &wanted)).await;
        let row = found.map_err(|error| match error {
            store::Error::NotFound => Unheard::Never(format!("there is no workflow `{id}` in this workspace")),
            _ => Unheard::NotYet,
        })?;
        let (uid, version) = (WorkflowUid(row.uid), row.active_version.unwrap_or(row.version));
        let plan = self.versions.plan((workspace_id, uid, version)).await.map_err(|error| match error {
            VersionError::Store(_) => Unheard::NotYet,
            error => Unheard::Never(format!("version {version} of `{id}`: {error}")),
        })?;
        Ok((uid, version, plan))
    }
}

impl Failures for FailureStarts {
    fn report(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: FailureReport,
    ) -> BoxFuture<'_, Result<ExecutionId, String>> {
        Box::pin(async move {
            loop {
                match self.start(workspace_id, failed, &report).await {
                    Ok(id) => return Ok(id),
                    Err(Unheard::Never(why)) => return Err(why),
                    Err(Unheard::NotYet) => tokio::time::sleep(PAUSE).await,
                }
            }
        })
    }
}
