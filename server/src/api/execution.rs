//! `/api/executions`, and `/api/workflows/{id}/executions` to start one.

use std::io;

use futures_util::stream;
use poem::Body;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::event::EventPage;
use tidemill_common::api::execution::{ExecutionCreate, ExecutionDetail, ExecutionPage, ExecutionView};
use tidemill_common::ids::ExecutionId;
use tidemill_common::problem::Code;
use tidemill_common::status::ExecutionStatus;

use super::authenticate::Token;
use super::failure::{EngineFailure, ReadFailure};
use super::payload::{Created, Json, OptionalJson};
use super::problem::ProblemError;
use super::{Tag, page};
use crate::app::{ExecutionQuery, Executions, Payload};
use crate::domain::payload::pieces;

/// A payload, as it comes.
#[derive(ApiResponse)]
enum PayloadResponse {
    /// The JSON.
    #[oai(status = 200, content_type = "application/json")]
    Json(Binary<Body>),
}

/// Executions of the workspace.
pub struct ExecutionApi(pub Executions);

#[OpenApi(tag = "Tag::Executions")]
impl ExecutionApi {
    /// Start an execution
    ///
    /// By hand, with an input that fits the workflow's `inputs`. When the answer comes, the execution is committed.
    #[oai(path = "/api/workflows/:id/executions", method = "post", operation_id = "execution_create")]
    async fn execution_create(
        &self,
        token: Token,
        /// The `id` of the workflow's file.
        id: Path<String>,
        body: OptionalJson<ExecutionCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
    ) -> Result<Created<ExecutionView>, EngineFailure> {
        Ok(Created(self.0.create(&token.0, &id.0, body.0, key.0).await?))
    }

    /// List executions
    ///
    /// Newest first, a page at a time.
    #[oai(path = "/api/executions", method = "get", operation_id = "execution_list")]
    async fn execution_list(
        &self,
        token: Token,
        /// Only those of the workflow with this `id`.
        workflow: Query<Option<String>>,
        /// Only those in these states, separated by commas: `running,waiting`.
        status: Query<Option<String>>,
        /// Only those that were called by this execution.
        parent: Query<Option<ExecutionId>>,
        /// Most items of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ExecutionPage>, ReadFailure> {
        let statuses = status.0.as_deref().map(statuses).transpose()?.unwrap_or_default();
        let query = ExecutionQuery { workflow_id: workflow.0, statuses, parent: parent.0, page: page(limit.0, cursor.0) };
        Ok(Json(self.0.list(&token.0, query).await?))
    }

    /// Read an execution
    ///
    /// Whole: its input, its steps and its output, as the fold of its events. Of inputs and outputs that are larger than
    /// 32 KiB, as many are shown as have 1 MiB together, the execution's output first; the others are references to payloads.
    #[oai(path = "/api/executions/:id", method = "get", operation_id = "execution_view")]
    async fn execution_view(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
    ) -> Result<Json<ExecutionDetail>, ReadFailure> {
        Ok(Json(self.0.view(&token.0, id.0).await?))
    }

    /// Read a payload
    ///
    /// An input or output of more than 32 KiB is kept apart from its event; where it would stand there is a reference,
    /// `{"$payload": {"sha256": …, "bytes": …, "preview": …}}`. This is the whole of it, as JSON.
    #[oai(path = "/api/executions/:id/payloads/:sha256", method = "get", operation_id = "execution_payload_view")]
    async fn execution_payload_view(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        /// The `sha256` of the reference.
        sha256: Path<String>,
    ) -> Result<PayloadResponse, ReadFailure> {
        let payload = self.0.payload(&token.0, id.0, &sha256.0).await?;
        Ok(PayloadResponse::Json(Binary(body(payload)?)))
    }

    /// List an execution's events
    ///
    /// Oldest first, without gaps, a page at a time. Inputs and outputs of more than 32 KiB are references to payloads.
    #[oai(path = "/api/executions/:id/events", method = "get", operation_id = "execution_events")]
    async fn execution_events(
        &self,
        token: Token,
        /// The execution's id.
        id: Path<ExecutionId>,
        /// Only those behind this `seq`.
        #[oai(validator(minimum(value = "0")))]
        after: Query<Option<i32>>,
        /// Most items of the page; 200 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
    ) -> Result<Json<EventPage>, ReadFailure> {
        let limit = limit.0.and_then(|limit| usize::try_from(limit).ok());
        Ok(Json(self.0.events(&token.0, id.0, after.0.unwrap_or_default(), limit).await?))
    }
}

/// The text of a payload, read from what it is packed into as it is sent.
fn body(payload: Payload) -> Result<Body, ProblemError> {
    let Payload { content, share } = payload;
    let unreadable = |error: io::Error| ProblemError::new(Code::Internal, format!("the payload can't be read: {error}"));
    let pieces = pieces(content).map_err(unreadable)?;
    // The memory is held until the last piece is sent.
    let held = pieces.map(move |piece| (&share, piece).1);
    Ok(Body::from_bytes_stream(stream::iter(held)))
}

/// The states in a list such as `running,waiting`.
fn statuses(list: &str) -> Result<Vec<ExecutionStatus>, ProblemError> {
    list.split(',')
        .map(|word| {
            ExecutionStatus::from_word(word.trim()).ok_or_else(|| {
                let known: Vec<_> = ExecutionStatus::ALL.iter().map(|status| status.as_str()).collect();
                let detail = format!("no state is called `{}`; there are {}", word.trim(), known.join(", "));
                ProblemError::new(Code::BadRequest, detail)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_from_a_list() {
        assert_eq!(statuses("running, waiting").unwrap(), [ExecutionStatus::Running, ExecutionStatus::Waiting]);
        assert!(statuses("running,done").is_err());
        assert!(statuses("").is_err());
    }
}
