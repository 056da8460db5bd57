//! What the use cases ask of the engine: start and cancel. The composition root brings the real one.

use futures_util::future::BoxFuture;
use thiserror::Error as ThisError;
use tidemill_common::event::{Json, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};

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
}

/// Starts and cancels executions.
pub trait Engine: Send + Sync + 'static {
    /// Admits an execution. When it returns, the execution is committed.
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, EngineError>>;

    /// Asks an execution to stop; `by` is who asked, for people to read.
    fn cancel(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        reason: Option<String>,
        by: String,
    ) -> BoxFuture<'_, Result<(), EngineError>>;
}
