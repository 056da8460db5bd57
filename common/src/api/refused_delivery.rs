//! Arrivals that were refused because the plan allows no more executions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::Metric;
use crate::event::Json;
use crate::ids::ExecutionId;

/// An arrival that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedDeliveryView {
    /// Its id.
    pub id: Uuid,
    /// When it came.
    pub at: DateTime<Utc>,
    /// The workflow that it was for.
    pub workflow_id: String,
    /// The version that was live.
    pub version: i32,
    /// What kind of trigger took it.
    pub trigger_type: String,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub trigger_id: Option<String>,
    /// What is used up.
    pub metric: Metric,
    /// How often its sender has sent it.
    pub times: i32,
    /// When it was replayed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub replayed_at: Option<DateTime<Utc>>,
    /// The execution that it has started then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub execution_id: Option<ExecutionId>,
    /// What expressions would have seen as `trigger`.
    pub input: Json,
}

/// A page of refused arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedDeliveryPage {
    /// The newest first.
    pub items: Vec<RefusedDeliveryView>,
    /// Send it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// Which refused arrivals are replayed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedDeliveryReplay {
    /// These, at most 100; absent: the oldest 100.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 100)))]
    pub ids: Option<Vec<Uuid>>,
}

/// What became of a replay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RefusedDeliveryReplayed {
    /// How many have started an execution, now or when their sender sent them again.
    pub count: usize,
    /// How many still wait: send it again for the next ones.
    pub left: i64,
}
