//! `/api/triggers` and `/api/workflows/{id}/triggers`: what starts executions.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use tidemill_common::api::trigger::{TriggerDetail, TriggerPage, TriggerTest, TriggerTestAddress};

use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure};
use super::payload::{Json, OptionalJson};
use super::{Tag, page};
use crate::app::Triggers;

/// Triggers of the workspace.
pub struct TriggerApi(pub Triggers);

#[OpenApi(tag = "Tag::Triggers")]
impl TriggerApi {
    /// List triggers
    ///
    /// Those of a page of workflows, by workflow: of the active version, else of the newest.
    #[oai(path = "/api/triggers", method = "get", operation_id = "trigger_list")]
    async fn trigger_list(
        &self,
        token: Token,
        /// Most workflows of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<TriggerPage>, ReadFailure> {
        Ok(Json(self.0.list(&token.0, page(limit.0, cursor.0)).await?))
    }

    /// Read a trigger
    ///
    /// Of the active version, else of the newest.
    #[oai(path = "/api/workflows/:id/triggers/:trigger", method = "get", operation_id = "trigger_view")]
    async fn trigger_view(
        &self,
        token: Token,
        /// The `id` of the workflow's file.
        id: Path<String>,
        /// The trigger's id in the file.
        trigger: Path<String>,
    ) -> Result<Json<TriggerDetail>, ReadFailure> {
        Ok(Json(self.0.view(&token.0, &id.0, &trigger.0).await?))
    }

    /// Try a trigger out
    ///
    /// Makes an address at which the trigger of a version takes deliveries for an hour. The version need not be active, senders are
    /// checked as ever, and executions have `trigger.test`.
    #[oai(path = "/api/workflows/:id/triggers/:trigger/test", method = "post", operation_id = "trigger_test")]
    async fn trigger_test(
        &self,
        token: Token,
        /// The `id` of the workflow's file.
        id: Path<String>,
        /// The trigger's id in the file.
        trigger: Path<String>,
        body: OptionalJson<TriggerTest>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<TriggerTestAddress>, BodyFailure> {
        Ok(Json(self.0.test(&token.0, &id.0, &trigger.0, body.0.version).await?))
    }
}
