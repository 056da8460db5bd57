//! States of executions and steps.

use std::fmt;

use serde::{Deserialize, Serialize};

/// State of an execution. Terminal states never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Admitted; no node has started it yet.
    Queued,
    /// A node holds its lease and works on it.
    Running,
    /// Nothing to do until a timer or an external event.
    Waiting,
    /// An operator paused it.
    Paused,
    /// Ended well.
    Succeeded,
    /// Ended because a step failed for good.
    Failed,
    /// Ended by an operator.
    Cancelled,
    /// Set aside: it could not be brought to an end by itself.
    DeadLetter,
}

impl ExecutionStatus {
    /// Every state, in the order of an execution's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::DeadLetter,
    ];

    /// Whether the execution has ended.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::DeadLetter)
    }

    /// The word used in the database, the API and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::DeadLetter => "dead_letter",
        }
    }

    /// The state called `word`, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for ExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// State of one step of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Its dependencies have not ended.
    Pending,
    /// An attempt is under way.
    Running,
    /// A durable wait, until a time.
    Waiting,
    /// An attempt failed; the next one is due at a time.
    Retrying,
    /// Ended well.
    Succeeded,
    /// Failed for good.
    Failed,
    /// Its condition was false, or what it depends on did not succeed.
    Skipped,
    /// Stopped because the execution was cancelled.
    Cancelled,
}

impl StepStatus {
    /// Whether the step has ended.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// The word used in the API and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a step failed, as a class that decides whether it is retried by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The workflow itself says so: a `fail` step, an expression that can't be evaluated, a 4xx answer.
    User,
    /// The step took longer than its `timeout`.
    Timeout,
    /// The step used more memory than it may.
    OutOfMemory,
    /// The process that ran the step was lost.
    HostLost,
    /// The world outside failed: connection refused, DNS, a 5xx answer.
    Infrastructure,
    /// The step was stopped because the execution was cancelled.
    Cancelled,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [Self; 6] =
        [Self::User, Self::Timeout, Self::OutOfMemory, Self::HostLost, Self::Infrastructure, Self::Cancelled];

    /// Whether an attempt that failed so is tried again when the step has a `retry` without `retry_if`.
    #[must_use]
    pub fn is_retried_by_default(self) -> bool {
        matches!(self, Self::Timeout | Self::HostLost | Self::Infrastructure)
    }

    /// The class called `word`, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// The word used in the API and in expressions (`error.class`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::HostLost => "host_lost",
            Self::Infrastructure => "infrastructure",
            Self::Cancelled => "cancelled",
        }
    }
}
