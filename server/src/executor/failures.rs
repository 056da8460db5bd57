//! How the executor tells another workflow of a failure.

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use crate::domain::execution::FailureReport;

/// Starts the execution that hears of a failure. A trait, because admission stands behind the executor.
pub trait Failures: Send + Sync + 'static {
    /// Starts the execution, at most one for each `failed` execution; waits until that can be said. The error is for people.
    fn report(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: FailureReport,
    ) -> BoxFuture<'_, Result<ExecutionId, String>>;
}

/// Whoever reports failures, once it is known.
#[derive(Clone, Default)]
pub struct FailureDesk(Arc<OnceLock<Arc<dyn Failures>>>);

impl FailureDesk {
    /// Says who reports failures. Only the first call counts.
    pub fn open(&self, failures: Arc<dyn Failures>) {
        drop(self.0.set(failures));
    }

    /// Reports a failure.
    pub(super) async fn report(
        &self,
        workspace_id: WorkspaceId,
        failed: ExecutionId,
        report: FailureReport,
    ) -> Result<ExecutionId, String> {
        match self.0.get() {
            Some(failures) => failures.report(workspace_id, failed, report).await,
            None => Err("this node starts no executions".to_owned()),
        }
    }
}

impl fmt::Debug for FailureDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailureDesk")
    }
}
