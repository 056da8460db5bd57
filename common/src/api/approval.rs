//! What people decide about steps that wait for them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::workspace::Role;
use crate::ids::ExecutionId;

/// A step that waits for an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApprovalView {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The `id` of its workflow's file.
    pub workflow_id: String,
    /// The step.
    pub step: String,
    /// Which iteration of the step, from 0; absent where the step has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub iteration: Option<u32>,
    /// What is to be approved, in words.
    pub message: String,
    /// The least role that may approve, if a role is enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub role: Option<Role>,
    /// The members who may approve, whatever their role: names, e-mail addresses or ids.
    pub members: Vec<String>,
    /// The JSON Schema that the answer of an approval must fit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub form: Option<Value>,
    /// Whether you may approve and reject.
    pub may_decide: bool,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// Until when it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub until: Option<DateTime<Utc>>,
}

/// The approvals that a workspace waits for, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ApprovalList {
    /// The approvals; at most 200.
    pub items: Vec<ApprovalView>,
}

/// An approval, or a rejection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct ApprovalDecision {
    /// The step; need not be named when only one waits for an approval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
    /// Which iteration of the step, from 0; need not be named when only one waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iteration: Option<u32>,
    /// Why; it is kept with the execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub comment: Option<String>,
    /// The answer to the step's form. Later steps read it as `steps.<id>.output.answer`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<Value>,
}

/// What becomes of a step whose node was lost and that must not be repeated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It is carried out again, although it may have had its effect.
    Retry,
    /// It counts as succeeded, with the given output.
    Succeed,
    /// It has failed.
    Fail,
}

/// An operator's decision about a step whose node was lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepDecision {
    /// What becomes of the step.
    pub outcome: StepOutcome,
    /// The step; need not be named when only one waits for a decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
    /// Which iteration of the step, from 0; need not be named when only one waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iteration: Option<u32>,
    /// The step's output, with `succeed`; null when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<Value>,
    /// Why; it is kept with the execution. At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: Option<String>,
}
