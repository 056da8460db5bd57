//! Gives an execution the secrets and credentials that its steps use.

use std::sync::Arc;

use super::VersionError;
use super::execution_task::ExecutionTask;
use crate::domain::workflow::scope::resume_url_step;
use crate::journal::Lease;

impl ExecutionTask {
    /// The secrets and credentials that the plan's steps use are fetched once, before the first decision.
    pub(super) async fn fetch_secrets(&mut self) -> Result<(), VersionError> {
        if !self.execution.wants_secrets() {
            return Ok(());
        }
        let plan = Arc::clone(self.execution.state().plan());
        let resume = |name: &str| Some(self.parts.resume.url(self.lease.execution_id, resume_url_step(name)?));
        let Lease { workspace_id, execution_id, .. } = self.lease;
        match self.parts.versions.known_secrets((workspace_id, execution_id), &plan, resume).await {
            Ok(values) => self.execution.give_secrets(Ok(values)),
            Err(error @ VersionError::Secret(_)) => self.execution.give_secrets(Err(error.to_string())),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
