//! What operators do to executions: cancel, pause, resume, try again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request to cancel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ExecutionCancel {
    /// Why; it is kept with the execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: Option<String>,
    /// End it at once, even if the node that holds its lease does not react. What steps under way do outside can't be undone.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub force: bool,
}

/// A request to pause.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ExecutionPause {
    /// Why; it is kept with the execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: Option<String>,
}

/// A request to resume.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ExecutionResume {
    /// Why; it is kept with the execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: Option<String>,
}

/// Where a retry begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum RetryFrom {
    /// Every step is executed.
    Start,
    /// Steps that succeeded keep their outputs; all others are executed.
    #[default]
    Failed,
}

/// A request to try an execution again. It makes a new execution; the old one stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ExecutionRetry {
    /// `failed` (steps that succeeded keep their outputs) or `start`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub from: RetryFrom,
    /// What expressions see as `trigger.body` instead of the old one. It must fit the workflow's `inputs` schema.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<Value>,
    /// What changes about the old `trigger.body`: a JSON Merge Patch (RFC 7396). Not together with `input`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub patch: Option<Value>,
    /// The version to execute, with `from: start` only; that of the old execution when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<i32>,
}
