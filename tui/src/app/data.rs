//! What can be read from the server, and what such a request gives.

use serde::{Deserialize, Serialize};
use tidemill_common::api::approval::ApprovalList;
use tidemill_common::api::dead_letter::{DeadLetterCauseList, DeadLetterPage};
use tidemill_common::api::health::{HealthView, ReadyView};
use tidemill_common::api::metrics::ExecutionMetrics;
use tidemill_common::api::schedule::{ScheduleExplain, ScheduleExplanation};
use tidemill_common::api::secret::SecretList;
use tidemill_common::api::token::TokenList;
use tidemill_common::api::workflow::{ValidationView, VersionList, VersionView, WorkflowDetail, WorkflowPage};

use super::event::Failure;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Query {
    /// The causes of open dead letters.
    Causes,
    /// The open dead letters with this fingerprint.
    DeadLetters(String),
    /// How executions went within the last day: of every workflow, or of one with its steps.
    Metrics(Option<String>),
    /// The workspace's secrets.
    Secrets,
    /// The workspace's API tokens.
    Tokens,
    /// What the server says about itself.
    Server,
    /// Steps that wait for an approval.
    Approvals,
    /// The workflows.
    Workflows,
    /// What the schedule of a trigger will do.
    Explanation {
        /// The trigger: `workflow/trigger`.
        trigger: String,
        /// The schedule.
        wanted: Box<ScheduleExplain>,
    },
    /// One workflow with its file.
    Workflow(String),
    /// The versions of a workflow.
    Versions(String),
    /// One version of a workflow, with its file.
    Version(String, i32),
    /// Whether the file of a workflow could be applied.
    Validation {
        /// The workflow's `id`.
        workflow: String,
        /// The file.
        source: String,
    },
}

/// What a request gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Data {
    /// The causes of open dead letters.
    Causes(DeadLetterCauseList),
    /// Dead letters.
    DeadLetters(DeadLetterPage),
    /// Counts and durations.
    Metrics(ExecutionMetrics),
    /// The workspace's secrets.
    Secrets(SecretList),
    /// The workspace's API tokens.
    Tokens(TokenList),
    /// What the server says about itself.
    Server(Box<ServerFacts>),
    /// Steps that wait for an approval.
    Approvals(ApprovalList),
    /// The workflows.
    Workflows(WorkflowPage),
    /// What a schedule will do.
    Explanation(ScheduleExplanation),
    /// One workflow with its file.
    Workflow(Box<WorkflowDetail>),
    /// The versions of a workflow.
    Versions(VersionList),
    /// One version of a workflow, with its file.
    Version(Box<VersionView>),
    /// What is wrong with a file.
    Validation(ValidationView),
}

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// Version and sandbox.
    pub health: HealthView,
    /// Whether it takes work, or why not.
    pub ready: Result<ReadyView, Failure>,
}
