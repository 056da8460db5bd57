//! How executions of this node call others, and hear of their ends.

use futures_util::future::BoxFuture;
use tidemill_common::event::StepError;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::desk::Desk;
use crate::domain::execution::Calling;

/// Starts executions that others call.
pub trait Calls: Send + Sync + 'static {
    /// Starts the execution, unless it was started already; waits until that can be said.
    fn start(&self, workspace_id: WorkspaceId, calling: Calling) -> BoxFuture<'_, Result<(), NotCalled>>;

    /// An execution has ended: the one that called it hears of it. What goes wrong here is found by a later look.
    fn ended(&self, workspace_id: WorkspaceId, caller: ExecutionId) -> BoxFuture<'_, ()>;

    /// An execution has ended that may have called others: those are no longer wanted.
    fn abandoned(&self);
}

/// Why an execution was not started.
#[derive(Debug)]
pub enum NotCalled {
    /// There can't be one.
    Refused(StepError),
    /// Not here and now: the node is stopping.
    Later,
}

impl Desk<dyn Calls> {
    pub(super) async fn start(&self, workspace_id: WorkspaceId, calling: Calling) -> Result<(), NotCalled> {
        match self.who() {
            Some(calls) => calls.start(workspace_id, calling).await,
            None => Err(NotCalled::Later),
        }
    }

    pub(super) async fn ended(&self, workspace_id: WorkspaceId, caller: ExecutionId) {
        if let Some(calls) = self.who() {
            calls.ended(workspace_id, caller).await;
        }
    }

    pub(super) fn abandoned(&self) {
        if let Some(calls) = self.who() {
            calls.abandoned();
        }
    }
}
