//! `/api/approvals`, `/api/executions/{id}/approve`, `/reject` and `/decide`: what people decide about steps that wait for them.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::approval::{ApprovalDecision, ApprovalList, StepDecision};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::awaited::Verdict;
use tidemill_common::ids::ExecutionId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{EngineFailure, ReadFailure};
use super::payload::{Json, OptionalJson};
use crate::app::Executions;
use crate::auth::Operation;

/// Decisions of people.
pub struct ApprovalApi(pub Executions);

#[OpenApi(tag = "Tag::Executions")]
impl ApprovalApi {
    /// List the approvals that the workspace waits for
    ///
    /// The oldest first; those that you may give, and the others.
    #[oai(path = "/api/approvals", method = "get", operation_id = "approval_list")]
    async fn approval_list(&self, token: Token) -> Result<Json<ApprovalList>, ReadFailure> {
        Ok(Json(self.0.approvals(&token.0).await?))
    }

    /// Approve what a step waits for
    ///
    /// The step says who may: a role, or members by name. When it has a form, the answer must fit it.
    #[oai(path = "/api/executions/:id/approve", method = "post", operation_id = "execution_approve")]
    async fn execution_approve(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: OptionalJson<ApprovalDecision>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        let what = (Operation::ExecutionApprove, Verdict::Approve);
        Ok(Json(self.0.decide_approval(&token.0, id.0, what, body.0).await?))
    }

    /// Reject what a step waits for
    ///
    /// The step fails, or succeeds with `approved: false` when its file says `on_reject: continue`.
    #[oai(path = "/api/executions/:id/reject", method = "post", operation_id = "execution_reject")]
    async fn execution_reject(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: OptionalJson<ApprovalDecision>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        let what = (Operation::ExecutionReject, Verdict::Reject);
        Ok(Json(self.0.decide_approval(&token.0, id.0, what, body.0).await?))
    }

    /// Decide about a step whose node was lost
    ///
    /// A step with `effect: at_most_once` is never repeated by itself. When the node that ran it was lost, nobody knows whether
    /// it had its effect: find out, then say whether it is carried out again, counts as succeeded, or has failed.
    #[oai(path = "/api/executions/:id/decide", method = "post", operation_id = "execution_decide")]
    async fn execution_decide(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: Json<StepDecision>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        Ok(Json(self.0.decide_step(&token.0, id.0, body.0).await?))
    }
}
