//! `/api/executions/bulk`: orders about many executions at once.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::bulk::{BulkList, BulkOrder, BulkView};
use tidemill_common::ids::ExecutionId;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::Json;
use crate::app::BulkOrders;

/// Orders about many executions.
pub struct BulkApi(pub BulkOrders);

#[OpenApi(tag = "Tag::Executions")]
impl BulkApi {
    /// Cancel or retry many executions
    ///
    /// Every execution that fits the filter when the order is given, the oldest first, at a rate. The order goes on by itself and
    /// survives restarts. With `dry_run` it only says how many there are.
    #[oai(path = "/api/executions/bulk", method = "post", operation_id = "execution_bulk_create")]
    async fn execution_bulk_create(
        &self,
        token: Token,
        body: Json<BulkOrder>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BulkView>, BodyFailure> {
        Ok(Json(self.0.create(&token.0, body.0).await?))
    }

    /// List orders about many executions
    ///
    /// The newest first, with how far each has come.
    #[oai(path = "/api/executions/bulk", method = "get", operation_id = "execution_bulk_list")]
    async fn execution_bulk_list(&self, token: Token) -> Result<Json<BulkList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Stop an order about many executions
    ///
    /// What it has done stays. Stopping one that has ended changes nothing.
    #[oai(path = "/api/executions/bulk/:id/stop", method = "post", operation_id = "execution_bulk_stop")]
    async fn execution_bulk_stop(
        &self,
        token: Token,
        /// The order's id.
        id: Path<ExecutionId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BulkView>, WriteFailure> {
        Ok(Json(self.0.stop(&token.0, id.0).await?))
    }
}
