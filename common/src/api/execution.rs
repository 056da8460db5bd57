//! Executions and their steps.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::awaited::Awaited;
use crate::event::StepError;
use crate::ids::ExecutionId;
use crate::status::{ExecutionStatus, StepStatus};

/// An execution in a list: no payloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExecutionView {
    /// The execution's id.
    pub id: ExecutionId,
    /// The `id` of the workflow's file.
    pub workflow_id: String,
    /// The version that is executed.
    pub version: i32,
    /// Its state.
    pub status: ExecutionStatus,
    /// What started it: `manual`, `webhook`, `schedule`, `retry`, `failure`, `call`.
    pub trigger_type: String,
    /// The trigger's id in the workflow file; absent for a manual start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub trigger_id: Option<String>,
    /// When it was admitted.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub finished_at: Option<DateTime<Utc>>,
    /// From admission to the end, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub duration_ms: Option<i64>,
    /// The `seq` of its newest event.
    pub last_seq: i32,
    /// Why it failed, in one line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<String>,
    /// The execution that this one tries again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub retry_of: Option<ExecutionId>,
    /// The execution that called this one and waits for its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub parent_id: Option<ExecutionId>,
}

/// A page of executions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExecutionPage {
    /// The executions.
    pub items: Vec<ExecutionView>,
    /// Send it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// An execution, whole: the fold of its events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExecutionDetail {
    /// The execution.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", oai(flatten))]
    pub execution: ExecutionView,
    /// What expressions see as `trigger`.
    pub input: Value,
    /// What the workflow's `output` gave, when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub failure: Option<StepError>,
    /// The steps, in the file's order.
    pub steps: Vec<StepView>,
    /// When it will wake by itself, if it waits for a time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub wake_at: Option<DateTime<Utc>>,
    /// What could not be read of its events. What is shown is the rest.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub unreadable: Vec<String>,
}

/// One step of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepView {
    /// The step's id.
    pub id: String,
    /// What it does: `transform`, `http.request` …
    pub uses: String,
    /// The steps it waits for.
    pub depends_on: Vec<String>,
    /// Its state.
    pub status: StepStatus,
    /// The newest attempt; 0 before the first.
    pub attempt: u32,
    /// When its first attempt began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub finished_at: Option<DateTime<Utc>>,
    /// When it goes on by itself: the end of a wait, or the next attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub wake_at: Option<DateTime<Utc>>,
    /// Its rendered `with`, where that differs from the output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub input: Option<Value>,
    /// What later steps see as `steps.<id>.output`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub output: Option<Value>,
    /// Why its newest attempt failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<StepError>,
    /// What it waits for, while it waits not only for a time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub awaits: Option<Awaited>,
    /// The execution that it called last, for `workflow.call`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub child_id: Option<ExecutionId>,
    /// What its newest attempt printed, for a code step without iterations; the events have the log of every attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub log: Option<String>,
    /// How many iterations have ended, for a step with `for_each` or `while` that has begun.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub iterations: Option<IterationsView>,
}

/// The iterations of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct IterationsView {
    /// How many succeeded.
    pub succeeded: u32,
    /// How many failed for good.
    pub failed: u32,
}

/// A manual start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ExecutionCreate {
    /// The input; expressions see it as `trigger.body`. It must fit the workflow's `inputs` schema.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub input: Value,
    /// The version to execute; the active one, else the newest, when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<i32>,
}
