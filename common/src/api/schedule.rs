//! What a schedule will do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A schedule to explain: one of `cron`, `every` and `at`, as a workflow file writes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[serde(deny_unknown_fields)]
pub struct ScheduleExplain {
    /// A cron expression.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub cron: Option<String>,
    /// An interval, such as `90m`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub every: Option<String>,
    /// One instant: RFC 3339, or a local time of the time zone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub at: Option<String>,
    /// The IANA name of a time zone; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub timezone: Option<String>,
    /// Nothing fires before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub starts_at: Option<String>,
    /// Nothing fires after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub ends_at: Option<String>,
    /// How many firings are listed; 10 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(minimum(value = "1"), maximum(value = "1000")))
    )]
    pub count: Option<u32>,
    /// From when on; from now on when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub from: Option<DateTime<Utc>>,
}

/// What a schedule will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ScheduleExplanation {
    /// Its next firings.
    pub next: Vec<ScheduleFiring>,
    /// Every change of the zone's clocks within five years, and what the schedule does there. None for intervals and single
    /// instants.
    pub changes: Vec<ClockChange>,
}

/// A firing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ScheduleFiring {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The same on the zone's clocks: `2026-03-29T03:00:00+02:00`.
    pub local: String,
}

/// A change of the clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ClockChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether local times are skipped or shown twice.
    pub kind: ClockChangeKind,
    /// The first of these local times: `2026-03-29T02:00:00`.
    pub from: String,
    /// The first local time after them.
    pub to: String,
    /// The times in between that the cron expression names; at most ten.
    pub named: Vec<String>,
    /// When they fire; at most twenty.
    pub fires: Vec<ScheduleFiring>,
    /// What it does to the schedule, in words.
    pub effect: String,
}

/// What a change of the clocks does to local times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ClockChangeKind {
    /// They are skipped.
    Gap,
    /// They come twice.
    Overlap,
}
