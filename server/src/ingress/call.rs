//! Calls: a step of an execution starts an execution of another workflow, and hears of its end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::json;
use tidemill_common::event::{StepError, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::FailureClass;
use tokio::sync::Notify;

use super::Manual;
use super::active::{NotStarted, startable};
use crate::admission::{Admission, Arrival};
use crate::domain::execution::Calling;
use crate::executor::{Calls, NotCalled, Versions};
use crate::journal::Delivery;
use crate::queue::Request;
use crate::store::Database;

/// Between two tries while the database is away or there is no room.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts executions that others call.
#[derive(Debug, Clone)]
pub struct CallStarts {
    database: Database,
    versions: Versions,
    admission: Admission,
    manual: Manual,
    left: Arc<Notify>,
}

impl CallStarts {
    /// Starts that go through `admission`; `manual` passes on what others must hear. `left` is woken when an execution has
    /// ended that may have called others.
    #[must_use]
    pub fn new(database: Database, versions: Versions, (admission, manual): (Admission, Manual), left: Arc<Notify>) -> Self {
        Self { database, versions, admission, manual, left }
    }

    async fn admit(&self, workspace_id: WorkspaceId, calling: &Calling) -> Result<(), NotStarted> {
        let found = startable((&self.database, &self.versions), workspace_id, &calling.workflow_id, &calling.input).await?;
        let trigger_id = found.plan.called_by(&calling.caller).map_err(|callers| {
            let Calling { workflow_id, caller, .. } = calling;
            let callers = callers.join(", ");
            NotStarted::Never(format!(
                "`{workflow_id}` lets itself be called only by {callers}: name `{caller}` in its `call` trigger"
            ))
        })?;
        let trigger = TriggerOrigin { kind: "call".into(), id: trigger_id.cloned() };
        let arrival = Arrival {
            execution_id: calling.child,
            workspace_id,
            workflow_uid: found.workflow_uid,
            version: found.version,
            plan: found.plan,
            trigger,
            input: Arc::new(json!({ "body": found.completed.as_ref().unwrap_or(&calling.input) })),
            delivery: Some(Delivery { source: "call".to_owned(), key: calling.child.to_string() }),
            retry: None,
            parent: Some(calling.parent.clone()),
            share: None,
        };
        self.admission.admit(arrival).await?;
        Ok(())
    }
}

impl Calls for CallStarts {
    fn start(&self, workspace_id: WorkspaceId, calling: Calling) -> BoxFuture<'_, Result<(), NotCalled>> {
        Box::pin(async move {
            loop {
                match self.admit(workspace_id, &calling).await {
                    Ok(()) => return Ok(()),
                    Err(NotStarted::Never(why)) => {
                        return Err(NotCalled::Refused(StepError::new(FailureClass::User, why)));
                    }
                    Err(NotStarted::NotHere) => return Err(NotCalled::Later),
                    Err(NotStarted::NotYet) => tokio::time::sleep(PAUSE).await,
                }
            }
        })
    }

    fn ended(&self, workspace_id: WorkspaceId, caller: ExecutionId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Err(error) = self.manual.request(workspace_id, caller, Request::look()).await {
                tracing::warn!(%error, execution_id = %caller, "an execution will hear a little later that what it called has ended");
            }
        })
    }

    fn abandoned(&self) {
        self.left.notify_one();
    }
}
