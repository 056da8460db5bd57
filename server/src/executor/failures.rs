//! How the executor tells another workflow of a failure.

use futures_util::future::BoxFuture;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::desk::Desk;
use crate::domain::execution::FailureReport;

/// Starts the execution that hears of a failure.
pub trait Failures: Send + Sync + 'static {
    /// Starts the execution, at most one for each `failed` execution; waits until that can be said. The error is for people.
    fn report(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: FailureReport,
    ) -> BoxFuture<'_, Result<ExecutionId, String>>;
}

impl Desk<dyn Failures> {
    /// Reports a failure.
    pub(super) async fn report(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: FailureReport,
    ) -> Result<ExecutionId, String> {
        match self.who() {
            Some(failures) => failures.report(workspace_id, failed, report).await,
            None => Err("this node starts no executions".to_owned()),
        }
    }
}
