//! Orders about many executions at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::control::RetryFrom;
use crate::ids::ExecutionId;
use crate::status::ExecutionStatus;

/// What is done to each execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// It is cancelled.
    Cancel,
    /// It is tried again, as a new execution.
    Retry,
}

impl BulkAction {
    /// The word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

/// An order about every execution that fits, of those that there are when it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BulkOrder {
    /// What is done to each.
    pub action: BulkAction,
    /// Only those of the workflow with this `id`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workflow: Option<String>,
    /// Only those in these states. When absent: those that have not ended, for `cancel`; `failed` and `dead_letter`, for `retry`.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub status: Vec<ExecutionStatus>,
    /// Only those that were admitted at this time or later.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<DateTime<Utc>>,
    /// Only those that were admitted before this time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<DateTime<Utc>>,
    /// How many per second; 10 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "1000"))))]
    pub rate: Option<u32>,
    /// Why, with `cancel`; it is kept with each execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: Option<String>,
    /// Where each begins, with `retry`: `failed` (steps that succeeded keep their outputs) or `start`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub from: RetryFrom,
    /// What changes about each one's `trigger.body`, with `retry`: a JSON Merge Patch (RFC 7396).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub patch: Option<Value>,
    /// Only says how many there are, and orders nothing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub dry_run: bool,
}

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BulkState {
    /// Nothing was ordered: it was a dry run.
    DryRun,
    /// It is being carried out.
    Running,
    /// Every execution was dealt with.
    Finished,
    /// Somebody stopped it.
    Stopped,
}

/// An order about many executions, and how far it has come. It goes on by itself, and survives restarts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BulkView {
    /// Names the order.
    pub id: ExecutionId,
    /// What is done to each.
    pub action: BulkAction,
    /// Where it is in its life.
    pub state: BulkState,
    /// How many executions fit when it was given, counted up to 10,000.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub count: Option<u32>,
    /// How many were cancelled or tried again.
    pub done: i64,
    /// How many could not be: they ended meanwhile, or can't be tried again.
    pub skipped: i64,
    /// Who gave it.
    pub by: String,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// When it was finished or stopped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub finished_at: Option<DateTime<Utc>>,
}

/// The newest orders of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BulkList {
    /// The orders, the newest first; at most 200.
    pub items: Vec<BulkView>,
}
