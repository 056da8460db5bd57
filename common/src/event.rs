//! What happened to an execution. An execution changes only by appending events; everything else is a fold of them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::awaited::{Awaited, Verdict};
use crate::ids::ExecutionId;
use crate::status::{ExecutionStatus, FailureClass};

/// A JSON value that many places share without copying it.
pub type Json = Arc<Value>;

/// One durable fact about one execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The execution it happened to.
    pub execution_id: ExecutionId,
    /// Its place in that execution: 1, 2, 3 … without gaps.
    pub seq: i32,
    /// When the node that appended it says it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What happened: `type` and `data` on the wire and in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum EventBody {
    /// Admitted, but no node had room: it waits for one.
    ExecutionQueued(Origin),
    /// A node began to work on it.
    ExecutionStarted {
        /// Where it comes from; absent when `execution_queued` said so already.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        origin: Option<Origin>,
    },
    /// An attempt of a step began.
    StepStarted {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// 1 for the first attempt.
        attempt: u32,
        /// Its rendered `with`, secrets masked; absent where the output says the same. For a step with `for_each`, as a whole,
        /// the list: it is fixed here.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        input: Option<Json>,
    },
    /// A step succeeded.
    StepCompleted {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// The attempt that succeeded.
        attempt: u32,
        /// What later steps see as `steps.<id>.output`.
        output: Json,
    },
    /// An attempt of a step failed.
    StepFailed {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        error: StepError,
        /// When the next attempt is due; absent when the step failed for good.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        retry_at: Option<DateTime<Utc>>,
    },
    /// What an attempt of a code step printed; stands before the event that says how the attempt ended.
    StepLogged {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// The attempt that printed it.
        attempt: u32,
        /// The text, secrets masked; at most what [`crate::limits::CODE_LOG_BYTES`] says, and a line that says where it was cut.
        log: Arc<str>,
    },
    /// A step will not run.
    StepSkipped {
        /// The step's id.
        step: Arc<str>,
        /// Why.
        reason: SkipReason,
    },
    /// A step waits durably.
    StepWaiting {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// Until when; absent when it waits for ever.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        until: Option<DateTime<Utc>>,
        /// What it waits for, if not only for that time.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        awaits: Option<Arc<Awaited>>,
    },
    /// Somebody decided about a step that waited for people. What follows from it is said by the next event of the step.
    StepDecided {
        /// The step's id.
        step: Arc<str>,
        /// Which iteration of the step, from 0; absent where the step as a whole is meant.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        iteration: Option<u32>,
        /// What was decided.
        verdict: Verdict,
        /// Who decided; `timeout` when nobody did in time.
        by: String,
        /// Why, in that person's words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        comment: Option<String>,
    },
    /// The execution is about to fail; first the steps of `catch` happen and `on_failure` is told. The steps that had not
    /// ended are stopped.
    FailureCaught {
        /// Why it will have failed.
        error: StepError,
    },
    /// The workflow named by `on_failure` was told of the failure, or could not be.
    FailureReported {
        /// The `id` of that workflow's file.
        workflow_id: Arc<str>,
        /// Its execution, when there is one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        execution_id: Option<ExecutionId>,
        /// Why there is none.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<String>,
    },
    /// Someone asked to cancel the execution.
    ExecutionCancelRequested {
        /// Why, in that person's words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Who asked.
        by: String,
    },
    /// An operator paused the execution: nothing begins and no timer fires until it is resumed.
    ExecutionPaused {
        /// Why, in that person's words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Who paused it.
        by: String,
    },
    /// An operator let the execution go on.
    ExecutionResumed {
        /// Why, in that person's words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
        /// Who resumed it.
        by: String,
    },
    /// The execution ended. Nothing follows.
    ExecutionCompleted {
        /// The terminal state.
        status: ExecutionStatus,
        /// The workflow's output, when it succeeded.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        output: Option<Json>,
        /// Why it did not succeed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        error: Option<StepError>,
    },
}

impl EventBody {
    /// The `type` on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::ExecutionQueued(_) => "execution_queued",
            Self::ExecutionStarted { .. } => "execution_started",
            Self::StepStarted { .. } => "step_started",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepFailed { .. } => "step_failed",
            Self::StepLogged { .. } => "step_logged",
            Self::StepSkipped { .. } => "step_skipped",
            Self::StepWaiting { .. } => "step_waiting",
            Self::StepDecided { .. } => "step_decided",
            Self::FailureCaught { .. } => "failure_caught",
            Self::FailureReported { .. } => "failure_reported",
            Self::ExecutionCancelRequested { .. } => "execution_cancel_requested",
            Self::ExecutionPaused { .. } => "execution_paused",
            Self::ExecutionResumed { .. } => "execution_resumed",
            Self::ExecutionCompleted { .. } => "execution_completed",
        }
    }

    /// The iteration of the step that it is about; `None` when it is about the step as a whole.
    #[must_use]
    pub fn iteration(&self) -> Option<u32> {
        match self {
            Self::StepStarted { iteration, .. }
            | Self::StepCompleted { iteration, .. }
            | Self::StepFailed { iteration, .. }
            | Self::StepLogged { iteration, .. }
            | Self::StepWaiting { iteration, .. }
            | Self::StepDecided { iteration, .. } => *iteration,
            _ => None,
        }
    }

    /// The step it is about, with the iteration in brackets: `notify[3]`.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let step = self.step()?;
        Some(self.iteration().map_or_else(|| step.to_owned(), |number| format!("{step}[{number}]")))
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::StepStarted { step, .. }
            | Self::StepCompleted { step, .. }
            | Self::StepFailed { step, .. }
            | Self::StepLogged { step, .. }
            | Self::StepSkipped { step, .. }
            | Self::StepWaiting { step, .. }
            | Self::StepDecided { step, .. } => Some(step),
            _ => None,
        }
    }
}

/// Where an execution comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The `id` of the workflow's file.
    pub workflow_id: Arc<str>,
    /// The version that is executed; 1 is the first.
    pub version: i32,
    /// What started it.
    pub trigger: TriggerOrigin,
    /// What expressions see as `trigger`: for webhooks method, path, query, headers and body; for a manual start the input as `body`.
    pub input: Json,
    /// The execution that this one tries again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_of: Option<ExecutionId>,
    /// The step that called this execution.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<Parent>,
    /// The place in a trace that the sender of the webhook named (W3C Trace Context), on a server that sends traces.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub traceparent: Option<Arc<str>>,
}

/// The step of another execution that waits for the end of this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The other execution.
    pub execution_id: ExecutionId,
    /// Its step.
    pub step: String,
    /// Which iteration of the step, from 0; absent where the step has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iteration: Option<u32>,
    /// How many executions stand above this one: 1 for what an execution calls that nobody called.
    pub depth: u32,
}

/// What started an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerOrigin {
    /// `manual`, `webhook`, `schedule`, `retry`, `failure` or `call`.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// The trigger's id in the workflow file; absent for a manual start.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<Arc<str>>,
}

/// Why a step, or the execution, failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StepError {
    /// The class that decides about retries.
    pub class: FailureClass,
    /// What went wrong, in words for the workflow's author.
    pub message: String,
    /// The step that failed; absent inside the step's own events.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub step: Option<String>,
    /// The HTTP status that the other side answered with, if it answered.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub status: Option<u16>,
    /// How long the other side asked to be left alone, in seconds (`Retry-After`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub retry_after: Option<u64>,
}

impl StepError {
    /// An error of `class` that says `message`.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into(), step: None, status: None, retry_after: None }
    }
}

/// Why a step was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `if` was false.
    Condition,
    /// A step it depends on was skipped, and it has no `if` of its own that says otherwise.
    Dependency,
    /// A step it depends on failed.
    Failure,
    /// The switch that names it chose another case.
    NotChosen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_flat_on_the_wire() {
        let event = Event {
            execution_id: ExecutionId(uuid::Uuid::nil()),
            seq: 3,
            at: DateTime::from_timestamp(0, 0).unwrap(),
            body: EventBody::StepSkipped { step: "a".into(), reason: SkipReason::Condition },
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            text,
            r#"{"execution_id":"00000000-0000-0000-0000-000000000000","seq":3,"at":"1970-01-01T00:00:00Z","type":"step_skipped","data":{"step":"a","reason":"condition"}}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}
