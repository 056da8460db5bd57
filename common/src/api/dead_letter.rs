//! Dead letters: executions that failed for good.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::api::control::RetryFrom;
use crate::ids::ExecutionId;
use crate::status::{ExecutionStatus, FailureClass};

/// Where a dead letter is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    /// Nobody has dealt with it.
    #[default]
    Open,
    /// It is to be replayed, and waits for its turn or for a canary.
    Waiting,
    /// It was replayed: another execution tries again.
    Replayed,
    /// Somebody decided that nothing will be done.
    Discarded,
}

impl DeadLetterState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Waiting, Self::Replayed, Self::Discarded];

    /// The word used in the database, the API and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }

    /// The state called `word`, if there is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// An execution that failed for good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterView {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The `id` of the workflow's file.
    pub workflow_id: String,
    /// The version that was executed.
    pub version: i32,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// `failed` or `dead_letter`.
    pub status: ExecutionStatus,
    /// Stands for its cause: failures with the same one have the same cause.
    pub fingerprint: String,
    /// The error without numbers, ids and quoted text.
    pub cause: String,
    /// The class of the error.
    pub class: FailureClass,
    /// The step that failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub step: Option<String>,
    /// The error, in one line.
    pub error: String,
    /// Where it is in its life.
    pub state: DeadLetterState,
    /// When it was replayed or discarded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub settled_at: Option<DateTime<Utc>>,
    /// Who ordered the replay, or discarded it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub settled_by: Option<String>,
    /// Why it was discarded, or why its last replay came to nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub reason: Option<String>,
    /// The execution that tries again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub replayed_as: Option<ExecutionId>,
}

/// A page of dead letters, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterPage {
    /// The dead letters.
    pub items: Vec<DeadLetterView>,
    /// Send it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// Open dead letters with the same cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterCause {
    /// Stands for the cause.
    pub fingerprint: String,
    /// The error without numbers, ids and quoted text.
    pub cause: String,
    /// The class of the error.
    pub class: FailureClass,
    /// How many there are.
    pub count: i64,
    /// The workflows that they belong to.
    pub workflows: Vec<String>,
    /// When the first one failed.
    pub first_at: DateTime<Utc>,
    /// When the newest one failed.
    pub last_at: DateTime<Utc>,
    /// The newest one.
    pub newest: ExecutionId,
}

/// The causes of the open dead letters, the most frequent first; 200 at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterCauseList {
    /// The causes.
    pub items: Vec<DeadLetterCause>,
}

/// A request to replay: the open ones among `ids`, or all open ones with this `fingerprint`; 10,000 at most at a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct DeadLetterReplay {
    /// The executions that failed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 1000)))]
    pub ids: Vec<ExecutionId>,
    /// The cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fingerprint: Option<String>,
    /// Where each begins: `failed` (steps that succeeded keep their outputs) or `start`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub from: RetryFrom,
    /// What changes about each one's `trigger.body`: a JSON Merge Patch (RFC 7396).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub patch: Option<serde_json::Value>,
    /// So many go first; the others follow only when these succeeded, and stay dead letters when one failed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(maximum(value = "100"))))]
    pub canary: u32,
    /// How many begin per second; 10 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "1000"))))]
    pub rate: Option<u32>,
}

/// A replay that was ordered. It goes on by itself, and survives restarts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterReplayed {
    /// How many will be replayed, canaries included.
    pub count: u32,
    /// How many of them go first.
    pub canaries: u32,
}

/// A request to discard: the open ones among `ids`, or all open ones with this `fingerprint`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(default))]
pub struct DeadLetterDiscard {
    /// The executions that failed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 1000)))]
    pub ids: Vec<ExecutionId>,
    /// The cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fingerprint: Option<String>,
    /// Why nothing will be done; it is kept.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1_000)))]
    pub reason: String,
}

/// What was discarded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeadLetterDiscarded {
    /// How many.
    pub count: u32,
}
