//! Steps that wait for something outside: the end of another execution, an event, people. And what comes of it.
//!
//! Such a step costs nothing while it waits: what is waited for stands in its `step_waiting` event, and the answer comes from
//! outside with [`Execution::give_answers`]. An answer may come before its step begins; it is kept until then.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidemill_common::api::workspace::Role;
use tidemill_common::awaited::{Awaited, AwaitedKind, Verdict};
use tidemill_common::event::{EventBody, Json, Parent, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::CALL_DEPTH;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};

use super::machine::{Action, Execution};
use super::start::author_error;
use super::step_state::{Awaits, Place};
use crate::domain::workflow::plan::{Approval, Call, OnTimeout, StepIndex, WaitFor, Work};

/// Who decided when nobody did in time.
const TIMEOUT: &str = "timeout";

/// An execution of another workflow that a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Calling {
    /// The step, or its iteration.
    pub place: Place,
    /// The attempt.
    pub attempt: u32,
    /// The id of the execution to start. It is durable before anything starts, so that there is never a second one.
    pub child: ExecutionId,
    /// The `id` of the other workflow's file.
    pub workflow_id: String,
    /// The `id` of the file whose step calls.
    pub caller: Arc<str>,
    /// What its expressions see as `trigger.body`.
    pub input: Value,
    /// What the other execution knows of this one.
    pub parent: Parent,
}

/// What came for a place that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The place.
    pub place: Place,
    /// What came.
    pub answer: Answer,
}

/// What comes for a place that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The execution has ended.
    Ended {
        /// The execution.
        child: ExecutionId,
        /// Its terminal state.
        status: ExecutionStatus,
        /// What its workflow's `output` gave.
        output: Option<Json>,
        /// Why it did not succeed.
        error: Option<StepError>,
    },
    /// The body of a request to the resume address.
    Event(Value),
    /// Somebody decided.
    Decided(Decided),
}

/// What somebody decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// What.
    pub verdict: Verdict,
    /// Who.
    pub by: String,
    /// Why.
    pub comment: Option<String>,
    /// The answer to the approval's form, or the output that a step is given.
    pub answer: Option<Value>,
}

impl Execution {
    /// Gives what came from outside. It counts with the next decision on [`super::Input::Resume`] or [`super::Input::Tick`].
    pub fn give_answers(&mut self, answers: Vec<Answered>) {
        self.answers.extend(answers);
    }

    /// Applies the answers whose places wait for them. The others stay, for places that have not begun.
    pub(super) fn answer(&mut self, now: DateTime<Utc>) {
        if self.answers.is_empty() || !self.taken_up || self.state.paused.is_some() {
            return;
        }
        for Answered { place, answer } in std::mem::take(&mut self.answers) {
            let progress = self.state.steps[place.step].progress(place.iteration);
            let waiting = progress.filter(|progress| progress.status == StepStatus::Waiting && self.state.end.is_none());
            match (waiting.and_then(|progress| Some((progress.attempt, progress.awaits?))), answer) {
                (Some((attempt, Awaits::Execution(awaited))), Answer::Ended { child, status, output, error })
                    if child == awaited =>
                {
                    let output = output.map(|output| self.state.open.shown(&output));
                    self.child_ended(place, attempt, ended(child, status, output, error), now);
                }
                (Some((attempt, Awaits::Event)), Answer::Event(body)) => self.complete(place, attempt, body, now),
                (Some((attempt, Awaits::Approval)), Answer::Decided(decided)) => {
                    self.approval_decided(place, attempt, decided, now);
                }
                (Some((attempt, Awaits::Decision)), Answer::Decided(decided)) => {
                    self.operator_decided(place, attempt, decided, now);
                }
                (None, answer) if !self.state.steps[place.step].status.is_terminal() => {
                    self.answers.push(Answered { place, answer });
                }
                _ => {}
            }
        }
    }

    fn child_ended(&mut self, place: Place, attempt: u32, result: Result<Value, StepError>, now: DateTime<Utc>) {
        match result {
            Ok(output) => self.complete(place, attempt, output, now),
            Err(error) => self.fail(place, attempt, error, now),
        }
    }

    /// `workflow.call` begins.
    pub(super) fn call(&mut self, place: Place, attempt: u32, call: &Call, now: DateTime<Utc>) {
        let calling = child_id((self.state.id, place), attempt, now);
        let calling = self.render_call((place, attempt), calling, call);
        let shown = calling.as_ref().ok().map(|calling| calling.input.clone());
        let shown = shown.map(|shown| self.keep("what `with.input` gives", shown)).transpose();
        self.record_started(place, attempt, shown.clone().unwrap_or_default(), now);
        match shown.and(calling) {
            Ok(calling) => {
                let (child, workflow) = (Some(calling.child), Some(calling.workflow_id.clone()));
                let awaited = Awaited { execution_id: child, workflow_id: workflow, ..Awaited::new(AwaitedKind::Execution) };
                self.record_waiting(place, self.patience(place.step, now), Some(awaited), now);
                self.actions.push(Action::Call(calling));
            }
            Err(error) => self.fail_for_good(place, attempt, error, now),
        }
    }

    /// The execution that was called may not have been started before its caller's node was lost.
    pub(super) fn call_again(&mut self, place: Place, attempt: u32, child: ExecutionId, now: DateTime<Utc>) {
        let plan = self.plan();
        let Work::Call(call) = &plan.steps[place.step].work else { return };
        match self.render_call((place, attempt), child, call) {
            Ok(calling) => self.actions.push(Action::Call(calling)),
            Err(error) => self.fail_for_good(place, attempt, error, now),
        }
    }

    fn render_call(&self, (place, attempt): (Place, u32), child: ExecutionId, call: &Call) -> Result<Calling, StepError> {
        let above = self.state.origin.as_ref().and_then(|origin| origin.parent.as_ref()).map_or(0, |parent| parent.depth);
        if above >= CALL_DEPTH {
            let message =
                format!("executions may call each other {CALL_DEPTH} deep; do these workflows call each other in a ring?");
            return Err(StepError::new(FailureClass::User, message));
        }
        let scope = self.scope_of(place);
        let workflow = call.workflow.render(&scope).map_err(|error| author_error("with.workflow", &error))?;
        let Value::String(workflow_id) = workflow else {
            let message = format!("`workflow` is {workflow}; it must be the id of a workflow");
            return Err(StepError::new(FailureClass::User, message));
        };
        let input = call.input.as_ref().map(|input| input.render(&scope)).transpose();
        let input = input.map_err(|error| author_error("with.input", &error))?.unwrap_or_else(|| json!({}));
        let step = self.step_id(place.step).to_string();
        let parent = Parent { execution_id: self.state.id, step, iteration: place.iteration, depth: above + 1 };
        let caller = Arc::clone(&self.plan().id);
        Ok(Calling { place, attempt, child, workflow_id, caller, input, parent })
    }

    /// `wait` with `event` begins.
    pub(super) fn await_event(&mut self, place: Place, attempt: u32, event: &str, now: DateTime<Utc>) {
        self.record_started(place, attempt, None, now);
        let awaited = Awaited { message: Some(event.to_owned()), ..Awaited::new(AwaitedKind::Event) };
        self.record_waiting(place, self.patience(place.step, now), Some(awaited), now);
    }

    /// `approval` begins.
    pub(super) fn ask_approval(&mut self, place: Place, attempt: u32, approval: &Approval, now: DateTime<Utc>) {
        let asked = self.render_approval(place, approval);
        self.record_started(place, attempt, None, now);
        match asked {
            Ok(awaited) => self.record_waiting(place, self.patience(place.step, now), Some(awaited), now),
            Err(error) => self.fail_for_good(place, attempt, error, now),
        }
    }

    fn render_approval(&self, place: Place, approval: &Approval) -> Result<Awaited, StepError> {
        let scope = self.scope_of(place);
        let message = approval.message.render(&scope).map_err(|error| author_error("with.message", &error))?;
        let members = approval.members.as_ref().map(|members| members.render(&scope)).transpose();
        let members = members.map_err(|error| author_error("with.members", &error))?.map(names).transpose()?;
        let role = approval.role.or(members.is_none().then_some(Role::Editor));
        let form = approval.form.as_ref().map(|form| form.schema().clone());
        Ok(Awaited { message: Some(text(message)), role, members, form, ..Awaited::new(AwaitedKind::Approval) })
    }

    fn approval_decided(&mut self, place: Place, attempt: u32, decided: Decided, now: DateTime<Utc>) {
        let plan = self.plan();
        let Work::Approval(approval) = &plan.steps[place.step].work else { return };
        self.record_decided(place, &decided, now);
        let approved = decided.verdict == Verdict::Approve;
        if approved || approval.goes_on {
            let Decided { by, comment, answer, .. } = decided;
            let output = json!({"approved": approved, "by": by, "comment": comment, "answer": answer});
            return self.complete(place, attempt, output, now);
        }
        let why = decided.comment.map(|comment| format!(": {comment}")).unwrap_or_default();
        let error = StepError::new(FailureClass::User, format!("rejected by {}{why}", decided.by));
        self.fail_for_good(place, attempt, error, now);
    }

    /// An attempt that must not be repeated by itself was under way when its node was lost.
    pub(super) fn ask_operator(&mut self, place: Place, now: DateTime<Utc>) {
        let message = "the node that ran this step was lost; it may or may not have had its effect";
        let awaited = Awaited { message: Some(message.to_owned()), ..Awaited::new(AwaitedKind::Decision) };
        self.record_waiting(place, None, Some(awaited), now);
    }

    fn operator_decided(&mut self, place: Place, attempt: u32, decided: Decided, now: DateTime<Utc>) {
        self.record_decided(place, &decided, now);
        match decided.verdict {
            Verdict::Retry => self.start_attempt(place, attempt + 1, now),
            Verdict::Succeed | Verdict::Approve => {
                self.complete(place, attempt, decided.answer.unwrap_or_default(), now);
            }
            Verdict::Fail | Verdict::Reject => {
                let why = decided.comment.map(|comment| format!(": {comment}")).unwrap_or_default();
                let message = format!("its node was lost, and {} decided that the step has failed{why}", decided.by);
                self.fail_for_good(place, attempt, StepError::new(FailureClass::HostLost, message), now);
            }
        }
    }

    fn record_decided(&mut self, place: Place, decided: &Decided, now: DateTime<Utc>) {
        let (step, iteration, verdict) = (self.step_id(place.step), place.iteration, decided.verdict);
        let (by, comment) = (decided.by.clone(), decided.comment.clone());
        self.record(EventBody::StepDecided { step, iteration, verdict, by, comment }, now);
    }

    /// The time is over in which something could have come.
    pub(super) fn nothing_came(&mut self, place: Place, (attempt, awaits): (u32, Awaits), now: DateTime<Utc>) {
        let plan = self.plan();
        let late = |what: String| StepError::new(FailureClass::Timeout, what);
        match (awaits, &plan.steps[place.step].work) {
            (Awaits::Execution(child), _) => {
                let message = format!("execution {child} did not end within the step's `timeout`; it is cancelled");
                self.fail(place, attempt, late(message), now);
            }
            (Awaits::Event, Work::Wait(WaitFor::Event(wait))) if wait.goes_on => {
                self.complete(place, attempt, Value::Null, now);
            }
            (Awaits::Approval, Work::Approval(approval)) if approval.on_timeout != OnTimeout::Fail => {
                let approves = approval.on_timeout == OnTimeout::Approve;
                let verdict = if approves { Verdict::Approve } else { Verdict::Reject };
                let decided = Decided { verdict, by: TIMEOUT.to_owned(), comment: None, answer: None };
                self.approval_decided(place, attempt, decided, now);
            }
            (Awaits::Approval, _) => self.fail_for_good(place, attempt, late("nobody decided in time".to_owned()), now),
            _ => self.fail_for_good(place, attempt, late("nothing came in time".to_owned()), now),
        }
    }

    /// Until when `step` waits for something outside.
    fn patience(&self, step: StepIndex, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        TimeDelta::from_std(self.state.plan().steps[step].timeout).ok().and_then(|patience| now.checked_add_signed(patience))
    }
}

/// What the end of an execution means for the step that called it.
fn ended(
    child: ExecutionId,
    status: ExecutionStatus,
    output: Option<Json>,
    error: Option<StepError>,
) -> Result<Value, StepError> {
    if status == ExecutionStatus::Succeeded {
        return Ok(output.map(Arc::unwrap_or_clone).unwrap_or_default());
    }
    let (class, why) = error.map_or((FailureClass::User, String::new()), |error| {
        let step = error.step.map(|step| format!("step `{step}`: ")).unwrap_or_default();
        (error.class, format!(": {step}{}", error.message))
    });
    Err(StepError::new(class, format!("execution {child} is {status}{why}")))
}

/// The id of the execution that an attempt calls. Whoever computes it again at the same instant computes the same.
fn child_id((caller, place): (ExecutionId, Place), attempt: u32, now: DateTime<Utc>) -> ExecutionId {
    let hash = Sha256::digest(format!("{caller} {} {:?} {attempt}", place.step, place.iteration));
    let mut bits = [0; 10];
    bits.copy_from_slice(&hash[..10]);
    ExecutionId::with_bits(now, bits)
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The names in a list; one name stands for a list of one.
fn names(value: Value) -> Result<Vec<String>, StepError> {
    match value {
        Value::String(name) => Ok(vec![name]),
        Value::Array(items) if items.iter().all(Value::is_string) => Ok(items.into_iter().map(text).collect()),
        other => Err(StepError::new(FailureClass::User, format!("`members` is {other}; it must be a list of names"))),
    }
}
