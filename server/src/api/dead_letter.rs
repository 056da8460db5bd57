//! `/api/dead-letters`.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Query};
use tidemill_common::api::dead_letter::{
    DeadLetterCauseList, DeadLetterDiscard, DeadLetterDiscarded, DeadLetterPage, DeadLetterReplay, DeadLetterReplayed,
    DeadLetterState,
};

use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure};
use super::payload::Json;
use super::{Tag, page};
use crate::app::{DeadLetterFilter, DeadLetterQuery, DeadLetters};

/// Dead letters of the workspace.
pub struct DeadLetterApi(pub DeadLetters);

#[OpenApi(tag = "Tag::DeadLetters")]
impl DeadLetterApi {
    /// List dead letters
    ///
    /// Executions that failed for good, newest first, a page at a time. They are kept for 90 days unless set otherwise, apart from executions.
    #[oai(path = "/api/dead-letters", method = "get", operation_id = "dead_letter_list")]
    async fn dead_letter_list(
        &self,
        token: Token,
        /// Only those in this state; `open` when absent.
        state: Query<Option<DeadLetterState>>,
        /// Only those with this cause.
        fingerprint: Query<Option<String>>,
        /// Only those of the workflow with this `id`.
        workflow: Query<Option<String>>,
        /// Most items of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<DeadLetterPage>, ReadFailure> {
        let text = |text: Option<String>| text.map(|text| text.replace('\0', ""));
        let filter = DeadLetterFilter {
            state: state.0.unwrap_or_default(),
            fingerprint: text(fingerprint.0),
            workflow_id: text(workflow.0),
            before: None,
        };
        let query = DeadLetterQuery { filter, page: page(limit.0, cursor.0) };
        Ok(Json(self.0.list(&token.0, query).await?))
    }

    /// List the causes of dead letters
    ///
    /// Open dead letters by cause, the most frequent first. Errors that differ only in numbers, ids and quoted text have the
    /// same cause.
    #[oai(path = "/api/dead-letters/causes", method = "get", operation_id = "dead_letter_cause_list")]
    async fn dead_letter_cause_list(&self, token: Token) -> Result<Json<DeadLetterCauseList>, ReadFailure> {
        Ok(Json(self.0.causes(&token.0).await?))
    }

    /// Replay dead letters
    ///
    /// Each is tried again by a new execution whose `retry_of` names it. With `canary`, so many go first and the others follow
    /// only when these succeeded. The replay goes on by itself at its `rate`, and survives restarts.
    #[oai(path = "/api/dead-letters/replay", method = "post", operation_id = "dead_letter_replay")]
    async fn dead_letter_replay(
        &self,
        token: Token,
        body: Json<DeadLetterReplay>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<DeadLetterReplayed>, BodyFailure> {
        Ok(Json(self.0.replay(&token.0, body.0).await?))
    }

    /// Discard dead letters
    ///
    /// Nothing will be done about them; who decided so and why is kept. The executions stay as they are.
    #[oai(path = "/api/dead-letters/discard", method = "post", operation_id = "dead_letter_discard")]
    async fn dead_letter_discard(
        &self,
        token: Token,
        body: Json<DeadLetterDiscard>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<DeadLetterDiscarded>, BodyFailure> {
        Ok(Json(DeadLetterDiscarded { count: self.0.discard(&token.0, body.0).await? }))
    }
}
