//! Events as the API shows them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::ExecutionId;

/// One durable fact about an execution. `data` depends on `type`; see the event reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EventView {
    /// The execution it happened to.
    pub execution_id: ExecutionId,
    /// Its place in that execution: 1, 2, 3 … without gaps.
    pub seq: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened: `execution_started`, `step_completed` …
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// What there is to say about it.
    #[serde(default)]
    pub data: Value,
}

/// A page of events, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct EventPage {
    /// The events.
    pub items: Vec<EventView>,
    /// Send it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_after: Option<i32>,
}
