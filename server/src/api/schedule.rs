//! `/api/schedules`: what a schedule will do.

use poem_openapi::OpenApi;
use poem_openapi::param::Header;
use tidemill_common::api::schedule::{ScheduleExplain, ScheduleExplanation};

use super::Tag;
use super::authenticate::Token;
use super::failure::BodyFailure;
use super::payload::Json;
use crate::app::Schedules;

/// Schedules that are explained.
pub struct ScheduleApi(pub Schedules);

#[OpenApi(tag = "Tag::Triggers")]
impl ScheduleApi {
    /// Explain a schedule
    ///
    /// Its next firings, and every change of the clocks within five years with what the schedule does there. Nothing is kept.
    #[oai(path = "/api/schedules/explain", method = "post", operation_id = "schedule_explain")]
    async fn schedule_explain(
        &self,
        token: Token,
        body: Json<ScheduleExplain>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<ScheduleExplanation>, BodyFailure> {
        Ok(Json(self.0.explain(&token.0, body.0).await?))
    }
}
