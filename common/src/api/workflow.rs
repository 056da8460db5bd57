//! Workflows and their versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::trigger::TriggerView;

/// A workflow in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowView {
    /// The `id` of its file; unique in the workspace.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The newest version.
    pub version: i32,
    /// The version whose triggers are live; absent when the workflow is not active.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub active_version: Option<i32>,
    /// The triggers of the active version, or of the newest when none is active.
    pub triggers: Vec<TriggerView>,
    /// When the workflow was made.
    pub created_at: DateTime<Utc>,
    /// When its newest version was made, or it was activated or deactivated.
    pub updated_at: DateTime<Utc>,
}

/// A workflow, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowDetail {
    /// The workflow.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", oai(flatten))]
    pub workflow: WorkflowView,
    /// The newest version's file, as it was sent.
    pub source: String,
    /// The steps of the newest version, in the file's order.
    pub steps: Vec<StepOutline>,
}

/// A step as the graph shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepOutline {
    /// The step's id.
    pub id: String,
    /// What it does: `transform`, `http.request` …
    pub uses: String,
    /// The steps it waits for.
    pub depends_on: Vec<String>,
}

/// A page of workflows, by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowPage {
    /// The workflows.
    pub items: Vec<WorkflowView>,
    /// Send it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// What applying a file did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowApplied {
    /// `created`, `updated` (a new version) or `unchanged`.
    pub outcome: ApplyOutcome,
    /// The workflow as it is now.
    pub workflow: WorkflowView,
    /// What is not wrong with the file but should be known: code that this server could not check.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub warnings: Vec<Diagnostic>,
}

/// What applying a file did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ApplyOutcome {
    /// The workflow is new.
    Created,
    /// The workflow has a new version.
    Updated,
    /// The newest version is the same file.
    Unchanged,
}

/// Which version to activate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkflowActivate {
    /// The version whose triggers become live; the newest when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<i32>,
}

/// One version of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VersionView {
    /// 1 is the first.
    pub version: i32,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The file, as it was sent; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub source: Option<String>,
}

/// A workflow's versions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct VersionList {
    /// The versions.
    pub items: Vec<VersionView>,
}

/// What validating a file found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ValidationView {
    /// Whether the file could be applied.
    pub valid: bool,
    /// Everything that is wrong with it.
    pub errors: Vec<Diagnostic>,
    /// What is not wrong with it but should be known: code that this server could not check.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub warnings: Vec<Diagnostic>,
    /// The steps, when it is valid.
    pub steps: Vec<StepOutline>,
}

/// One thing that is wrong with a workflow file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Diagnostic {
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// Where in the document: `steps[2].with.url`.
    pub path: String,
    /// A stable word for the kind of error: `unknown_field`, `unknown_step`, `cycle` …
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What was probably meant, or what to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub suggestion: Option<String>,
}
