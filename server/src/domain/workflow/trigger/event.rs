//! What happens inside: executions that end.

use std::sync::Arc;

use tidemill_common::status::ExecutionStatus;

use crate::domain::workflow::expression::Expression;

/// The end of executions of this workspace.
#[derive(Debug)]
pub struct EventTrigger {
    /// What has happened.
    pub event: InternalEvent,
    /// The workflow whose executions count; all but this trigger's own when absent.
    pub workflow: Option<Arc<str>>,
    /// What must be true of `trigger.body`.
    pub condition: Option<Expression>,
}

/// Something that happens inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InternalEvent {
    /// An execution succeeded.
    ExecutionSucceeded,
    /// An execution failed for good.
    ExecutionFailed,
    /// An execution was cancelled.
    ExecutionCancelled,
    /// An execution ended, however.
    ExecutionEnded,
}

impl InternalEvent {
    /// Every event.
    pub const ALL: [Self; 4] =
        [Self::ExecutionSucceeded, Self::ExecutionFailed, Self::ExecutionCancelled, Self::ExecutionEnded];

    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExecutionSucceeded => "execution_succeeded",
            Self::ExecutionFailed => "execution_failed",
            Self::ExecutionCancelled => "execution_cancelled",
            Self::ExecutionEnded => "execution_ended",
        }
    }

    /// Whether an execution that ended so is one.
    #[must_use]
    pub fn fits(self, status: ExecutionStatus) -> bool {
        match self {
            Self::ExecutionSucceeded => status == ExecutionStatus::Succeeded,
            Self::ExecutionFailed => matches!(status, ExecutionStatus::Failed | ExecutionStatus::DeadLetter),
            Self::ExecutionCancelled => status == ExecutionStatus::Cancelled,
            Self::ExecutionEnded => status.is_terminal(),
        }
    }
}
