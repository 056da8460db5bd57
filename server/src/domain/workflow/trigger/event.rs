//! What happens inside: executions that end, and changes that people and the server make.

use std::sync::Arc;

use tidemill_common::status::ExecutionStatus;

use crate::domain::workflow::expression::Expression;

/// Something that happens inside this workspace.
#[derive(Debug)]
pub struct EventTrigger {
    /// What.
    pub listen: Listen,
    /// What must be true of `trigger.body`.
    pub condition: Option<Expression>,
}

/// Which internal events are meant.
#[derive(Debug, Clone)]
pub struct Listen {
    /// What has happened.
    pub event: InternalEvent,
    /// The workflow that it happened to; all of them when absent.
    pub workflow: Option<Arc<str>>,
}

/// Something that can happen inside: a row of the table below.
#[derive(Debug, Clone, Copy)]
pub struct InternalEvent(&'static Row);

#[derive(Debug)]
struct Row {
    word: &'static str,
    shown_by: ShownBy,
}

/// What shows that something has happened.
#[derive(Debug)]
enum ShownBy {
    /// An execution that ended in one of these states.
    End(&'static [ExecutionStatus]),
    /// An entry of the audit log about one of these operations.
    Entry(&'static [&'static str]),
}

use ExecutionStatus::{Cancelled, DeadLetter, Failed, Succeeded};
use ShownBy::{End, Entry};

/// Every internal event. What the server does by itself is one as soon as it writes an entry of the audit log.
static ROWS: [Row; 19] = [
    Row { word: "execution_succeeded", shown_by: End(&[Succeeded]) },
    Row { word: "execution_failed", shown_by: End(&[Failed, DeadLetter]) },
    Row { word: "execution_cancelled", shown_by: End(&[Cancelled]) },
    Row { word: "execution_ended", shown_by: End(&[Succeeded, Failed, Cancelled, DeadLetter]) },
    Row { word: "dead_letter_added", shown_by: End(&[Failed, DeadLetter]) },
    Row { word: "dead_letter_replayed", shown_by: Entry(&["dead_letter_replay"]) },
    Row { word: "workflow_applied", shown_by: Entry(&["workflow_apply"]) },
    Row { word: "workflow_activated", shown_by: Entry(&["workflow_activate"]) },
    Row { word: "workflow_deactivated", shown_by: Entry(&["workflow_deactivate"]) },
    Row { word: "workflow_deleted", shown_by: Entry(&["workflow_delete"]) },
    Row { word: "member_added", shown_by: Entry(&["member_add", "invite_accept", "service_account_create"]) },
    Row { word: "member_updated", shown_by: Entry(&["member_update"]) },
    Row { word: "member_removed", shown_by: Entry(&["member_remove", "workspace_leave"]) },
    Row { word: "invite_created", shown_by: Entry(&["invite_create"]) },
    Row { word: "secret_changed", shown_by: Entry(&["secret_put", "secret_delete"]) },
    Row { word: "credential_changed", shown_by: Entry(&["credential_put", "credential_delete"]) },
    Row { word: "subscription_disabled", shown_by: Entry(&["subscription_disable"]) },
    Row { word: "quota_warning", shown_by: Entry(&["quota_warning"]) },
    Row { word: "quota_reached", shown_by: Entry(&["quota_reached"]) },
];

impl InternalEvent {
    /// Every event.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }

    /// The event that this word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|event| event.as_str() == word)
    }

    /// The word in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.word
    }

    /// Whether it is about a limit of the plan: what is started by it is not counted.
    #[must_use]
    pub fn is_about_quota(self) -> bool {
        matches!(self.as_str(), "quota_warning" | "quota_reached")
    }

    /// Whether an execution that ended so is one.
    #[must_use]
    pub fn is_end(self, status: ExecutionStatus) -> bool {
        matches!(self.0.shown_by, End(states) if states.contains(&status))
    }

    /// Whether an entry of the audit log about `operation` is one.
    #[must_use]
    pub fn is_entry(self, operation: &str) -> bool {
        self.operations().contains(&operation)
    }

    /// The operations whose entries in the audit log show it; none where executions do.
    #[must_use]
    pub fn operations(self) -> &'static [&'static str] {
        match self.0.shown_by {
            End(_) => &[],
            Entry(operations) => operations,
        }
    }
}

impl PartialEq for InternalEvent {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_event() {
        for event in InternalEvent::all() {
            assert_eq!(InternalEvent::from_word(event.as_str()), Some(event));
        }
        assert_eq!(InternalEvent::from_word("execution_begun"), None);
        let failed: Vec<&str> = InternalEvent::all().filter(|event| event.is_end(Failed)).map(InternalEvent::as_str).collect();
        assert_eq!(failed, ["execution_failed", "execution_ended", "dead_letter_added"]);
        let joined: Vec<&str> =
            InternalEvent::all().filter(|event| event.is_entry("invite_accept")).map(InternalEvent::as_str).collect();
        assert_eq!(joined, ["member_added"]);
    }
}
