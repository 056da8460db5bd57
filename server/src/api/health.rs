//! `/healthz`, `/readyz`, `/metrics`, `/api/schema/workflow`: what needs no token.

#![expect(clippy::unused_async, reason = "operations must be async")]

use std::sync::Arc;

use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::Value;
use tidemill_common::api::health::{HealthView, ReadyView};

use super::Tag;
use super::failure::ReadyFailure;
use super::payload::Json;
use crate::app::Health;
use crate::telemetry::Metrics;

/// The server itself.
pub struct HealthApi {
    /// Its health.
    pub health: Health,
    /// Its metrics.
    pub metrics: Arc<Metrics>,
    /// The JSON Schema of workflow files.
    pub workflow_schema: Arc<Value>,
}

/// Metrics.
#[derive(ApiResponse)]
enum MetricsResponse {
    /// The metrics in the OpenMetrics text format.
    #[oai(status = 200, content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    Ok(PlainText<String>),
}

#[OpenApi(tag = "Tag::Server")]
impl HealthApi {
    /// Is the process alive?
    ///
    /// Answers as long as the process can answer at all.
    #[oai(path = "/healthz", method = "get", operation_id = "health_view")]
    async fn health_view(&self) -> Json<HealthView> {
        Json(self.health.view())
    }

    /// Does the server take work?
    ///
    /// It does not while it stops or its database is away.
    #[oai(path = "/readyz", method = "get", operation_id = "ready_view")]
    async fn ready_view(&self) -> Result<Json<ReadyView>, ReadyFailure> {
        Ok(Json(self.health.ready().await?))
    }

    /// Metrics
    ///
    /// For Prometheus, in the OpenMetrics text format.
    #[oai(path = "/metrics", method = "get", operation_id = "metrics_view")]
    async fn metrics_view(&self) -> MetricsResponse {
        MetricsResponse::Ok(PlainText(self.metrics.render()))
    }

    /// The JSON Schema of workflow files
    ///
    /// For editors that complete and check while you type.
    #[oai(path = "/api/schema/workflow", method = "get", operation_id = "workflow_schema")]
    async fn workflow_schema(&self) -> Json<Value> {
        Json((*self.workflow_schema).clone())
    }
}
