//! What a step waits for besides a time, and what was decided about it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::workspace::Role;
use crate::ids::ExecutionId;

/// The kinds of things that a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum AwaitedKind {
    /// The end of an execution of another workflow.
    Execution,
    /// A request to the step's resume address.
    Event,
    /// Somebody's approval.
    Approval,
    /// An operator's decision: the node that ran the step was lost, and the step must not be repeated by itself.
    Decision,
}

impl AwaitedKind {
    /// The word used in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Event => "event",
            Self::Approval => "approval",
            Self::Decision => "decision",
        }
    }
}

/// What a step waits for. Which fields there are depends on the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Awaited {
    /// What it is.
    pub kind: AwaitedKind,
    /// The execution whose end is awaited.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub execution_id: Option<ExecutionId>,
    /// Its workflow: the `id` of the file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub workflow_id: Option<String>,
    /// What is to be approved, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub message: Option<String>,
    /// The least role that may approve.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub role: Option<Role>,
    /// The members who may approve, whatever their role: names, e-mail addresses or ids.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub members: Option<Vec<String>>,
    /// The JSON Schema of the answer that goes with an approval.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub form: Option<Value>,
}

impl Awaited {
    /// Something of `kind`, with nothing more to say.
    #[must_use]
    pub fn new(kind: AwaitedKind) -> Self {
        Self { kind, execution_id: None, workflow_id: None, message: None, role: None, members: None, form: None }
    }

    /// The same in words, which go on after "waits for".
    #[must_use]
    pub fn words(&self) -> String {
        let message = self.message.as_deref().unwrap_or_default();
        match self.kind {
            AwaitedKind::Execution => {
                let id = self.execution_id.map(|id| id.to_string()).unwrap_or_default();
                format!("execution {id} of `{}`", self.workflow_id.as_deref().unwrap_or_default())
            }
            AwaitedKind::Event => format!("an event: {message}"),
            AwaitedKind::Approval => format!("the approval of {}: {message}", self.approvers()),
            AwaitedKind::Decision => format!("an operator's decision: {message}"),
        }
    }

    /// Who may approve, in words.
    #[must_use]
    pub fn approvers(&self) -> String {
        let role = self.role.map(|role| match role {
            Role::Admin => "an admin".to_owned(),
            Role::Editor => "an editor".to_owned(),
            Role::Viewer | Role::Guest => "any member".to_owned(),
        });
        role.into_iter().chain(self.members.iter().flatten().cloned()).collect::<Vec<_>>().join(" or ")
    }
}

/// What a step waits for and until when, in words that go on after "waits".
#[must_use]
pub fn waiting_words(until: Option<DateTime<Utc>>, awaits: Option<&Awaited>) -> String {
    let until = until.map(|until| format!("until {}", until.format("%Y-%m-%d %H:%M:%S UTC")));
    let parts = awaits.map(|awaited| format!("for {}", awaited.words())).into_iter().chain(until);
    parts.collect::<Vec<_>>().join(", ")
}

/// What was decided about a step that waited for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Approved.
    Approve,
    /// Rejected.
    Reject,
    /// The step is carried out again, although it may have had its effect.
    Retry,
    /// The step counts as succeeded.
    Succeed,
    /// The step has failed.
    Fail,
}

impl Verdict {
    /// The word used in the API, and in the output of an approval.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Retry => "retry",
            Self::Succeed => "succeed",
            Self::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approval_names_who_may_give_it() {
        let asked = Awaited {
            message: Some("Refund 7 EUR?".to_owned()),
            role: Some(Role::Admin),
            members: Some(vec!["ana@example.org".to_owned()]),
            ..Awaited::new(AwaitedKind::Approval)
        };
        assert_eq!(asked.words(), "the approval of an admin or ana@example.org: Refund 7 EUR?");
    }
}
