//! `/api/executions/{id}/cancel`, `/pause`, `/resume`, `/retry` and `/why`: what operators do to executions.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::control::{ExecutionCancel, ExecutionPause, ExecutionResume, ExecutionRetry};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::api::why::WhyView;
use tidemill_common::ids::ExecutionId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{EngineFailure, ReadFailure};
use super::payload::{Created, Json, OptionalJson};
use crate::app::Executions;

/// Orders about executions of the workspace.
pub struct ExecutionControlApi(pub Executions);

#[OpenApi(tag = "Tag::Executions")]
impl ExecutionControlApi {
    /// Cancel an execution
    ///
    /// Steps under way are stopped; it ends as `cancelled` soon after, with `force` at once, even if the node that holds its
    /// lease does not react. One that has ended can't be cancelled.
    #[oai(path = "/api/executions/:id/cancel", method = "post", operation_id = "execution_cancel")]
    async fn execution_cancel(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: OptionalJson<ExecutionCancel>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        Ok(Json(self.0.cancel(&token.0, id.0, body.0.reason, body.0.force).await?))
    }

    /// Pause an execution
    ///
    /// Attempts under way end and are recorded; nothing new begins and no timer fires until it is resumed. It is `paused` soon
    /// after. Pausing it again changes nothing.
    #[oai(path = "/api/executions/:id/pause", method = "post", operation_id = "execution_pause")]
    async fn execution_pause(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: OptionalJson<ExecutionPause>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        Ok(Json(self.0.pause(&token.0, id.0, body.0.reason).await?))
    }

    /// Resume an execution
    ///
    /// It goes on where it was paused; timers that passed meanwhile fire at once. Resuming one that is not paused changes
    /// nothing.
    #[oai(path = "/api/executions/:id/resume", method = "post", operation_id = "execution_resume")]
    async fn execution_resume(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        body: OptionalJson<ExecutionResume>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ExecutionView>, EngineFailure> {
        Ok(Json(self.0.resume(&token.0, id.0, body.0.reason).await?))
    }

    /// Read why an execution isn't moving
    ///
    /// The whole chain, the nearest cause first: paused, a timer, an attempt under way and the node that holds it, no node with
    /// room.
    #[oai(path = "/api/executions/:id/why", method = "get", operation_id = "execution_why_view")]
    async fn execution_why_view(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
    ) -> Result<Json<WhyView>, ReadFailure> {
        Ok(Json(self.0.why(&token.0, id.0).await?))
    }

    /// Try an execution again
    ///
    /// Makes a new execution whose `retry_of` names this one, which stays as it is. From `failed` on, steps that succeeded keep
    /// their outputs and all others are executed; from `start` on, every step is.
    #[oai(path = "/api/executions/:id/retry", method = "post", operation_id = "execution_retry")]
    async fn execution_retry(
        &self,
        token: Token,
        /// The id of the execution to try again.
        id: Path<ExecutionId>,
        body: OptionalJson<ExecutionRetry>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
    ) -> Result<Created<ExecutionView>, EngineFailure> {
        Ok(Created(self.0.retry(&token.0, id.0, body.0, key.0).await?))
    }
}
