//! Failures: they start the workflow that `on_failure` names.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::active::{NotStarted, startable};
use crate::admission::{Admission, Arrival, Outcome};
use crate::domain::execution::{FAILURE_TRIGGER, FailureReport};
use crate::executor::{Failures, Versions};
use crate::journal::Delivery;
use crate::store::Database;

/// Between two tries while the database is away or there is no room.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the executions that hear of failures.
#[derive(Debug, Clone)]
pub struct FailureStarts {
    database: Database,
    versions: Versions,
    admission: Admission,
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
    ) -> Result<ExecutionId, NotStarted> {
        let body = report.input.get("body").unwrap_or(&serde_json::Value::Null);
        let found = startable((&self.database, &self.versions), workspace_id, &report.workflow_id, body).await?;
        let execution_id = self.admission.next_id();
        let arrival = Arrival {
            execution_id,
            workspace_id,
            workflow_uid: found.workflow_uid,
            version: found.version,
            plan: found.plan,
            trigger: TriggerOrigin { kind: FAILURE_TRIGGER.into(), id: None },
            input: found.completed.map_or_else(|| Arc::clone(&report.input), |body| Arc::new(json!({ "body": body }))),
            delivery: Some(Delivery { source: "on_failure".to_owned(), key: failed.to_string() }),
            retry: None,
            parent: None,
            share: None,
        };
        match self.admission.admit(arrival).await? {
            Outcome::Admitted => Ok(execution_id),
            Outcome::Duplicate(id) => Ok(id),
        }
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
                    Err(NotStarted::Never(why)) => return Err(why),
                    Err(NotStarted::NotYet | NotStarted::NotHere) => tokio::time::sleep(PAUSE).await,
                }
            }
        })
    }
}
