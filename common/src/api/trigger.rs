//! What starts executions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A trigger of an active workflow version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TriggerView {
    /// Its id in the workflow file.
    pub id: String,
    /// `webhook` or `schedule`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// Where deliveries are posted: a path on this server; segments in braces are parameters (webhook).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub path: Option<String>,
    /// The cron expression (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub cron: Option<String>,
    /// The interval, such as `90m` (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub every: Option<String>,
    /// The one instant at which it fires, as the file has it (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub at: Option<String>,
    /// The IANA time zone of its local times (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub timezone: Option<String>,
    /// Nothing fires before, as the file has it (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub starts_at: Option<String>,
    /// Nothing fires after, as the file has it (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub ends_at: Option<String>,
    /// How much later than its instant a firing may begin, such as `5m` (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub jitter: Option<String>,
    /// When it fires next, while the workflow is active (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_at: Option<DateTime<Utc>>,
    /// The instant that fired last (schedule).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_at: Option<DateTime<Utc>>,
}

/// What a webhook's sender gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeliveryView {
    /// The execution that the delivery started, or that an earlier delivery with the same id started.
    pub execution_id: crate::ids::ExecutionId,
    /// Its state at its end, when the trigger says `respond: when_finished` and it ended in time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub status: Option<crate::status::ExecutionStatus>,
    /// Whether an earlier delivery had the same id, so that this one started nothing.
    pub duplicate: bool,
    /// Where to follow it: a path on this server.
    pub url: String,
    /// The workflow's output, when the trigger says `respond: when_finished` and it succeeded in time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub output: Option<serde_json::Value>,
    /// Why it failed, when the trigger says `respond: when_finished`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<crate::event::StepError>,
}
