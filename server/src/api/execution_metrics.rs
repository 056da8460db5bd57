//! `/api/executions/metrics`.

use chrono::{DateTime, Utc};
use poem_openapi::OpenApi;
use poem_openapi::param::Query;
use tidemill_common::api::metrics::ExecutionMetrics;

use super::Tag;
use super::authenticate::Token;
use super::failure::ReadFailure;
use super::payload::Json;
use crate::app::Executions;

/// Metrics of executions of the workspace.
pub struct ExecutionMetricsApi(pub Executions);

#[OpenApi(tag = "Tag::Executions")]
impl ExecutionMetricsApi {
    /// Read metrics
    ///
    /// Counts, success rate and durations of what ended, per workflow; of one workflow with its steps. They come from hourly
    /// rollups, which follow the executions within seconds and are kept for 400 days.
    #[oai(path = "/api/executions/metrics", method = "get", operation_id = "execution_metrics_view")]
    async fn execution_metrics_view(
        &self,
        token: Token,
        /// Only the workflow with this `id`, and its steps.
        workflow: Query<Option<String>>,
        /// What ended from the beginning of this time's hour on; the last 24 hours when absent.
        since: Query<Option<DateTime<Utc>>>,
    ) -> Result<Json<ExecutionMetrics>, ReadFailure> {
        Ok(Json(self.0.metrics(&token.0, workflow.0, since.0).await?))
    }
}
