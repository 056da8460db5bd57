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

/// A trigger and the workflow it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TriggerDetail {
    /// The workflow's id.
    pub workflow_id: String,
    /// The version that the trigger belongs to: the active one, else the newest.
    pub version: i32,
    /// Whether that version is active: else the trigger listens to nothing.
    pub active: bool,
    /// The trigger.
    pub trigger: TriggerView,
    /// What its checks have seen (condition); only where one trigger is read.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub check: Option<TriggerCheck>,
}

/// What the checks of a condition have seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TriggerCheck {
    /// When it was last checked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub checked_at: Option<DateTime<Utc>>,
    /// When that last went well.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub succeeded_at: Option<DateTime<Utc>>,
    /// What it gave then; absent when it was larger than is kept (256 KiB).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub result: Option<serde_json::Value>,
    /// Why the last check failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<String>,
    /// Whether the condition was true.
    pub holds: bool,
    /// How often it has fired.
    pub fired: i64,
    /// When it last fired.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub fired_at: Option<DateTime<Utc>>,
}

/// A page of triggers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TriggerPage {
    /// The triggers of the workflows of this page, by workflow.
    pub items: Vec<TriggerDetail>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// Asks for a test address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[serde(deny_unknown_fields)]
pub struct TriggerTest {
    /// The version whose trigger is tested; the newest when absent. It need not be active.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub version: Option<i32>,
}

/// An address at which one version's trigger takes deliveries for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TriggerTestAddress {
    /// A path on this server. Who knows it may deliver what the trigger takes; it is shown this once.
    pub path: String,
    /// The version that is executed.
    pub version: i32,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
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
