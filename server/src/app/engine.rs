//! What the use cases ask of the engine: to start, cancel, pause and resume. The composition root brings the real one.

use futures_util::future::BoxFuture;
use thiserror::Error as ThisError;
use tidemill_common::api::quota::Quota;
use tidemill_common::event::{Json, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};

pub use crate::admission::Retry;
pub use crate::domain::execution::{Answer, Decided};
pub use crate::queue::AnswerTo;

/// An execution to start.
#[derive(Debug, Clone)]
pub struct Start {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// Its version.
    pub version: i32,
    /// What starts it.
    pub trigger: TriggerOrigin,
    /// What expressions see as `trigger`.
    pub input: Json,
    /// Source and key of the arrival: a second one with the same pair starts nothing.
    pub dedupe: Option<(String, String)>,
    /// What it tries again.
    pub retry: Option<Retry>,
}

/// Something that an operator orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub command: Command,
    /// Why.
    pub reason: Option<String>,
    /// Who, for people to read.
    pub by: String,
}

/// What can be ordered of an execution that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// To end.
    Cancel,
    /// To end at once, whoever holds its lease.
    ForceCancel,
    /// To begin nothing new.
    Pause,
    /// To go on.
    Resume,
}

/// An execution that was admitted: it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Whether an earlier arrival with the same key started it.
    pub duplicate: bool,
}

/// Why the engine did not do it.
#[derive(Debug, ThisError)]
pub enum EngineError {
    /// It has no room.
    #[error("the server has no room for another execution at the moment")]
    Overloaded {
        /// Seconds after which trying again makes sense.
        retry_after: u64,
    },
    /// The organization's plan allows no more executions in this period.
    #[error("{0}")]
    QuotaExceeded(Quota),
    /// The database is away.
    #[error("the database can't be reached at the moment")]
    Unavailable,
    /// The server is stopping.
    #[error("the server is stopping")]
    Draining,
    /// No such execution in the workspace.
    #[error("there is no such execution in this workspace")]
    NotFound,
    /// The execution has ended: nothing can be done about it.
    #[error("the execution has ended")]
    Ended,
    /// The step doesn't wait for this, or somebody was faster.
    #[error("the step does not wait for this any more: somebody was faster")]
    Answered,
}

/// Starts executions and takes orders about them.
pub trait Engine: Send + Sync + 'static {
    /// Admits an execution. When it returns, the execution is committed.
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, EngineError>>;

    /// Passes an order on to whoever executes the execution.
    fn order(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        order: Order,
    ) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Gives an answer to a step that waits for it. When it returns, the answer is committed.
    fn answer(&self, to: AnswerTo, answer: Answer) -> BoxFuture<'_, Result<(), EngineError>>;
}
