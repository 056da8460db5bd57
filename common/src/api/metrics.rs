//! Metrics of finished executions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Counts and durations, per workflow. They follow the executions within seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExecutionMetrics {
    /// What ended from the beginning of this hour on is counted.
    pub since: DateTime<Utc>,
    /// The workflows, by id.
    pub items: Vec<WorkflowMetrics>,
}

/// Counts and durations of one workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowMetrics {
    /// The `id` of the workflow's file.
    pub workflow_id: String,
    /// Its executions, from admission to the end.
    pub executions: DurationMetrics,
    /// Its steps, from the first attempt to the end; only when one workflow was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_empty))]
    pub steps: Vec<StepMetrics>,
}

/// Counts and durations of one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepMetrics {
    /// The step's id.
    pub step: String,
    /// How often it ended, and how long it took.
    pub ended: DurationMetrics,
}

/// How many ended how, and how long they took. Percentiles are right to within five per cent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DurationMetrics {
    /// How many ended.
    pub count: i64,
    /// How many of them succeeded.
    pub succeeded: i64,
    /// How many failed for good, dead letters included.
    pub failed: i64,
    /// How many were cancelled.
    pub cancelled: i64,
    /// Successes among those that succeeded or failed, from 0 to 1; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub success_rate: Option<f64>,
    /// The mean, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub mean_ms: Option<i64>,
    /// The median, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub p50_ms: Option<i64>,
    /// What 95 % don't exceed, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub p95_ms: Option<i64>,
    /// What 99 % don't exceed, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub p99_ms: Option<i64>,
}
