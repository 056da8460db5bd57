//! What happens inside: executions that end, and limits of the plan that are near.

use std::sync::Arc;

use tidemill_common::status::ExecutionStatus;

use crate::domain::workflow::expression::Expression;

/// The end of executions of this workspace, or a limit of its organization's plan.
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
    /// 80 % of what the plan allows of something are used.
    QuotaWarning,
    /// All of it is.
    QuotaReached,
}

impl InternalEvent {
    /// Every event.
    pub const ALL: [Self; 6] = [
        Self::ExecutionSucceeded,
        Self::ExecutionFailed,
        Self::ExecutionCancelled,
        Self::ExecutionEnded,
        Self::QuotaWarning,
        Self::QuotaReached,
    ];

    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExecutionSucceeded => "execution_succeeded",
            Self::ExecutionFailed => "execution_failed",
            Self::ExecutionCancelled => "execution_cancelled",
            Self::ExecutionEnded => "execution_ended",
            Self::QuotaWarning => "quota_warning",
            Self::QuotaReached => "quota_reached",
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
            Self::QuotaWarning | Self::QuotaReached => false,
        }
    }
}
