//! Manual starts, and requests to cancel, pause and resume: what people and programs ask for through the API.

use std::sync::Arc;

use tidemill_common::clock::Clock;
use tidemill_common::event::{Json, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};

use crate::admission::{Admission, Arrival, Outcome, Refusal, Retry};
use crate::domain::execution::Answer;
use crate::domain::workflow::plan::Plan;
use crate::executor::{EndError, Executor};
use crate::journal::Delivery;
use crate::queue::{AnswerTo, Holder, Posted, Queue, Request};
use crate::store;

/// Starts executions by hand, and says what is wanted of those that run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Manual {
    admission: Admission,
    executor: Executor,
    queue: Queue,
    clock: Arc<dyn Clock>,
}

/// A start by hand.
#[derive(Debug)]
pub struct Start {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The version to execute.
    pub version: i32,
    /// The same, compiled.
    pub plan: Arc<Plan>,
    /// What started it.
    pub trigger: TriggerOrigin,
    /// What expressions see as `trigger`.
    pub input: Json,
    /// What must not start a second execution.
    pub delivery: Option<Delivery>,
    /// What it tries again.
    pub retry: Option<Retry>,
}

impl Manual {
    /// Manual starts that go through `admission`.
    #[must_use]
    pub fn new(admission: Admission, executor: Executor, queue: Queue, clock: Arc<dyn Clock>) -> Self {
        Self { admission, executor, queue, clock }
    }

    /// Starts an execution; the answer says which, and whether an earlier start had the same delivery.
    pub async fn start(&self, start: Start) -> Result<(ExecutionId, bool), Refusal> {
        let execution_id = self.admission.next_id();
        let arrival = Arrival {
            execution_id,
            workspace_id: start.workspace_id,
            workflow_uid: start.workflow_uid,
            version: start.version,
            plan: start.plan,
            trigger: start.trigger,
            input: start.input,
            delivery: start.delivery,
            retry: start.retry,
            parent: None,
            share: None,
        };
        match self.admission.admit(arrival).await? {
            Outcome::Admitted => Ok((execution_id, false)),
            Outcome::Duplicate(id) => Ok((id, true)),
        }
    }

    /// Asks something of an execution. False when the workspace has no such execution, or it has ended.
    pub async fn request(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        request: Request,
    ) -> Result<bool, store::Error> {
        let holder = self.queue.request(workspace_id, execution_id, &request, self.clock.now()).await?;
        match holder {
            None => return Ok(false),
            Some(Holder::Here) => drop(self.executor.pass_on(execution_id, request).await),
            Some(Holder::Nobody) => self.executor.wake_claims(),
            Some(Holder::Elsewhere) => {}
        }
        Ok(true)
    }

    /// Gives an answer to a step that waits for it.
    pub async fn answer(&self, to: AnswerTo, answer: &Answer) -> Result<Posted, store::Error> {
        let execution_id = to.execution_id;
        let posted = self.queue.post(to, answer, self.clock.now()).await?;
        match posted {
            Posted::Kept(Holder::Here) => drop(self.executor.pass_on(execution_id, Request::look()).await),
            Posted::Kept(Holder::Nobody) => self.executor.wake_claims(),
            _ => {}
        }
        Ok(posted)
    }

    /// Ends an execution as cancelled, whoever holds it. False when the workspace has no such execution, or it has ended.
    pub async fn force_cancel(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        request: Request,
    ) -> Result<bool, EndError> {
        self.executor.force_cancel(workspace_id, execution_id, request).await
    }
}
