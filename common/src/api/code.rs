//! Code that is tried out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::StepError;
use crate::step_protocol::{Language, Runtime};

/// A piece of code to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[serde(deny_unknown_fields)]
pub struct CodeExecute {
    /// What the code is written in.
    pub language: Language,
    /// What runs JavaScript; `quickjs` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub runtime: Option<Runtime>,
    /// The code.
    pub code: String,
    /// What it gets as its input; `null` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub input: Option<Value>,
    /// How long it may take, in milliseconds; 30 s when absent. Never more than the plan and the operator allow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub timeout_ms: Option<u64>,
    /// How much memory it may take, in MiB; 512 when absent. Never more than the plan and the operator allow.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub memory_mib: Option<u32>,
}

/// How a piece of code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum CodeStatus {
    /// It gave an output.
    Succeeded,
    /// It did not; `error` says why.
    Failed,
}

/// What a piece of code gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct CodeExecuted {
    /// How it ended.
    pub status: CodeStatus,
    /// Its output, when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<StepError>,
    /// What it printed.
    pub log: String,
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// Most memory that it took beyond the interpreter, in bytes; absent when it was ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub peak_memory_bytes: Option<u64>,
}
