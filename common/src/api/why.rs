//! Why an execution isn't moving.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::ExecutionId;
use crate::status::ExecutionStatus;

/// Why an execution is where it is: the whole chain, the nearest cause first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WhyView {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its state.
    pub status: ExecutionStatus,
    /// Whether work is under way on it right now.
    pub moving: bool,
    /// The chain; never empty.
    pub links: Vec<WhyLink>,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WhyLink {
    /// The kind of cause.
    pub kind: WhyKind,
    /// The cause in words.
    pub text: String,
    /// The step that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub step: Option<String>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub since: Option<DateTime<Utc>>,
    /// Until when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub until: Option<DateTime<Utc>>,
    /// Another execution that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub execution_id: Option<ExecutionId>,
    /// The node that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub node: Option<String>,
    /// Who caused it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub by: Option<String>,
}

impl WhyLink {
    /// A cause of `kind` that says `text`.
    pub fn new(kind: WhyKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), step: None, since: None, until: None, execution_id: None, node: None, by: None }
    }
}

/// The kinds of causes. The list grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum WhyKind {
    /// The execution has ended.
    Ended,
    /// Somebody asked to cancel it, and its node has not reacted yet.
    CancelRequested,
    /// Somebody asked to pause or resume it, and its node has not reacted yet.
    PauseRequested,
    /// Somebody paused it.
    Paused,
    /// A step waits until a time, or for an event.
    StepWaiting,
    /// A step waits for an execution that it called; what that one waits for follows.
    ExecutionAwaited,
    /// A step waits for somebody's approval.
    ApprovalAwaited,
    /// A step whose node was lost waits for an operator's decision.
    DecisionAwaited,
    /// A step failed, and its next attempt is due at a time.
    StepRetrying,
    /// An attempt of a step is under way.
    StepRunning,
    /// Its concurrency key is held by other executions.
    KeyHeld,
    /// Its workflow's rate limit lets it begin later.
    RateLimited,
    /// A node holds the lease and works on it.
    Leased,
    /// The node that holds the lease is not heard of any more.
    NodeLost,
    /// It is due, and a node takes it up any moment.
    Due,
    /// Every node that is alive has as many executions as it takes.
    NoRoom,
    /// The nodes that are alive are stopping.
    Draining,
    /// No node is alive.
    NoNode,
}
