//! Quotas: what an organization may use, and uses.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::plan::{Feature, Metric};

/// Where plans are listed: the link of everything that says that a plan allows no more.
pub const UPGRADE: &str = "/api/pricing";

/// A limit, and what is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Quota {
    /// What is limited.
    pub metric: Metric,
    /// How much there may be.
    pub limit: i64,
    /// How much there is.
    pub used: i64,
    /// When it begins again; absent for what there is at any time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub resets_at: Option<DateTime<Utc>>,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.metric {
            Metric::Executions => "executions in this period",
            Metric::ActiveWorkflows => "active workflows",
            Metric::Integrations => "integrations",
            Metric::Members => "members",
            other => other.as_str(),
        };
        write!(f, "the organization's plan allows {} {what}, and {} are used", self.limit, self.used)?;
        match self.resets_at {
            Some(at) => write!(f, "; it begins again at {}", at.format("%Y-%m-%dT%H:%M:%SZ")),
            None => Ok(()),
        }
    }
}

/// The limit that a request would have gone beyond.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct QuotaExceeded {
    /// What is limited.
    pub metric: Metric,
    /// How much there may be.
    pub limit: i64,
    /// How much there is.
    pub used: i64,
    /// When it begins again; absent for what there is at any time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub resets_at: Option<DateTime<Utc>>,
    /// Where plans that allow more are listed.
    pub upgrade: String,
}

impl From<Quota> for QuotaExceeded {
    fn from(Quota { metric, limit, used, resets_at }: Quota) -> Self {
        Self { metric, limit, used, resets_at, upgrade: UPGRADE.to_owned() }
    }
}

/// What is used of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UsedView {
    /// What.
    pub metric: Metric,
    /// How much.
    pub used: i64,
    /// How much there may be; absent: no limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub limit: Option<i64>,
    /// When it begins again; absent for what there is at any time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub resets_at: Option<DateTime<Utc>>,
}

/// What the caller's organization may use, and uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct QuotaView {
    /// The plan.
    pub plan: String,
    /// What it has that others don't.
    pub features: Vec<Feature>,
    /// When the period began.
    pub period_start: DateTime<Utc>,
    /// When the next one begins.
    pub period_end: DateTime<Utc>,
    /// Each metric.
    pub items: Vec<UsedView>,
    /// Arrivals that were refused and wait to be replayed.
    pub refused: i64,
    /// Where plans that allow more are listed.
    pub upgrade: String,
}

/// What was used in a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UsageView {
    /// When the period began.
    pub period_start: DateTime<Utc>,
    /// Executions that began in it.
    pub executions: i64,
    /// Events of executions.
    pub events: i64,
    /// Seconds that code steps ran.
    pub code_seconds: f64,
}

/// What was used, period by period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UsageList {
    /// The newest period first. It is summed up a few seconds after it happens.
    pub items: Vec<UsageView>,
}
