//! `/api/refused-deliveries`: arrivals that the plan refused.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Query};
use tidemill_common::api::refused_delivery::{RefusedDeliveryPage, RefusedDeliveryReplay, RefusedDeliveryReplayed};

use super::authenticate::Token;
use super::failure::{EngineFailure, ReadFailure};
use super::payload::{Json, OptionalJson};
use super::{Tag, page};
use crate::app::Executions;

/// Arrivals of the workspace that the plan refused.
pub struct RefusedDeliveryApi(pub Executions);

#[OpenApi(tag = "Tag::Triggers")]
impl RefusedDeliveryApi {
    /// List refused deliveries
    ///
    /// What came when the plan allowed no more executions, newest first, a page at a time. A thousand are kept, for 90 days unless set
    /// otherwise.
    #[oai(path = "/api/refused-deliveries", method = "get", operation_id = "refused_delivery_list")]
    async fn refused_delivery_list(
        &self,
        token: Token,
        /// Most items of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<RefusedDeliveryPage>, ReadFailure> {
        Ok(Json(self.0.refused(&token.0, page(limit.0, cursor.0)).await?))
    }

    /// Replay refused deliveries
    ///
    /// In the order in which they came. What its sender has sent again meanwhile starts nothing a second time.
    #[oai(path = "/api/refused-deliveries/replay", method = "post", operation_id = "refused_delivery_replay")]
    async fn refused_delivery_replay(
        &self,
        token: Token,
        body: OptionalJson<RefusedDeliveryReplay>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<RefusedDeliveryReplayed>, EngineFailure> {
        Ok(Json(self.0.refused_replay(&token.0, body.0).await?))
    }
}
