//! What people decide about steps that wait for them.

use reqwest::Method;
use tidemill_common::api::approval::{ApprovalDecision, ApprovalList, StepDecision};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;

use super::{Client, Error};

impl Client {
    /// The approvals that the workspace waits for.
    pub async fn approvals(&self) -> Result<ApprovalList, Error> {
        self.fetch(self.call(Method::GET, &["api", "approvals"])).await
    }

    /// Approves what a step waits for.
    pub async fn execution_approve(&self, id: ExecutionId, decision: &ApprovalDecision) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "approve"]).json(decision)).await
    }

    /// Rejects what a step waits for.
    pub async fn execution_reject(&self, id: ExecutionId, decision: &ApprovalDecision) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "reject"]).json(decision)).await
    }

    /// Decides about a step whose node was lost.
    pub async fn execution_decide(&self, id: ExecutionId, decision: &StepDecision) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "decide"]).json(decision)).await
    }
}
