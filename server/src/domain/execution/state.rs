//! What an execution is: the fold of its events.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody, Json, Origin, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::payloads::Open;
use super::step_state::{Awaits, Place, StepState};
use crate::domain::workflow::plan::{OnError, Plan, Repeat, StepIndex};
use crate::domain::workflow::scope::{ExecutionMeta, Scope};

/// The state of one execution.
#[derive(Debug)]
pub struct State {
    /// Its id.
    pub id: ExecutionId,
    /// The `seq` of the newest event; 0 before the first.
    pub seq: i32,
    /// Where it comes from; `None` before the first event.
    pub origin: Option<Origin>,
    /// Whether a node has begun.
    pub started: bool,
    /// Its steps, in the order of the plan.
    pub steps: Vec<StepState>,
    /// The request to cancel, once there is one.
    pub cancel: Option<CancelRequest>,
    /// Why it is about to fail, while the steps of `catch` happen.
    pub caught: Option<Caught>,
    /// Who paused it and why, while it is paused.
    pub paused: Option<PauseRequest>,
    /// How it ended.
    pub end: Option<End>,
    /// How many bytes of JSON its inputs and outputs have together.
    pub payload_bytes: u64,
    /// The contents of files that are among them.
    pub(super) files: BTreeSet<String>,
    /// The payloads whose values are here.
    pub(super) open: Open,
    /// What expressions see.
    pub(super) scope: Scope,
    /// Steps that have not ended.
    pub(super) open_steps: usize,
    plan: Arc<Plan>,
    index: HashMap<Arc<str>, StepIndex>,
}

/// A request to cancel an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
}

/// A failure whose steps of `catch` happen.
#[derive(Debug, Clone, PartialEq)]
pub struct Caught {
    /// Why the execution will have failed.
    pub error: StepError,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// A request to pause an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRequest {
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
    /// When it took effect.
    pub at: DateTime<Utc>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The terminal state.
    pub status: ExecutionStatus,
    /// When.
    pub at: DateTime<Utc>,
    /// The workflow's output.
    pub output: Option<Json>,
    /// Why it did not succeed.
    pub error: Option<StepError>,
}

/// An event that doesn't fit the plan or the events before it.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// A `seq` is missing or came twice.
    #[error("event {found} follows event {newest}")]
    Sequence {
        /// The newest event of the state.
        newest: i32,
        /// The event that was to follow.
        found: i32,
    },
    /// The event names a step that the version doesn't have.
    #[error("event {seq} is about step `{step}`, which the workflow version doesn't have")]
    UnknownStep {
        /// The event.
        seq: i32,
        /// The step.
        step: String,
    },
}

impl State {
    /// The state before the first event.
    #[must_use]
    pub fn new(id: ExecutionId, plan: Arc<Plan>) -> Self {
        let steps: Vec<_> = plan.steps.iter().map(|step| StepState::new(step.depends_on.len())).collect();
        Self {
            id,
            seq: 0,
            origin: None,
            started: false,
            open_steps: plan.catch_from,
            steps,
            cancel: None,
            caught: None,
            paused: None,
            end: None,
            payload_bytes: 0,
            files: BTreeSet::new(),
            open: Open::default(),
            scope: Scope::new(Json::default(), meta(id, "".into(), 0)),
            index: plan.steps.iter().enumerate().map(|(index, step)| (Arc::clone(&step.id), index)).collect(),
            plan,
        }
    }

    /// Folds `events` into the state.
    pub fn fold<'a>(id: ExecutionId, plan: Arc<Plan>, events: impl IntoIterator<Item = &'a Event>) -> Result<Self, FoldError> {
        let mut state = Self::new(id, plan);
        for event in events {
            state.apply(event)?;
        }
        Ok(state)
    }

    /// The plan whose steps [`State::steps`] lists.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The execution's state in one word.
    #[must_use]
    pub fn status(&self) -> ExecutionStatus {
        if let Some(end) = &self.end {
            return end.status;
        }
        if self.paused.is_some() {
            return ExecutionStatus::Paused;
        }
        if !self.started {
            return ExecutionStatus::Queued;
        }
        let is = |status| self.steps.iter().any(|step| step.status == status);
        if !is(StepStatus::Running) && (is(StepStatus::Waiting) || is(StepStatus::Retrying)) {
            return ExecutionStatus::Waiting;
        }
        ExecutionStatus::Running
    }

    /// When the execution goes on by itself, if it waits for a time and is not paused.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        if self.end.is_some() || self.paused.is_some() {
            return None;
        }
        self.steps.iter().filter_map(|step| step.wake_at).chain(self.deadline()).min()
    }

    /// When the execution's own `timeout` ends it. The steps of `catch` have the same time again.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let timeout = chrono::TimeDelta::from_std(self.plan.timeout?).ok()?;
        let from = self.caught.as_ref().map_or(self.id.admitted_at(), |caught| caught.at);
        from.checked_add_signed(timeout)
    }

    /// The steps that may happen: those of the file, or those of `catch` once a failure is caught.
    #[must_use]
    pub fn active_steps(&self) -> Range<StepIndex> {
        if self.caught.is_some() { self.plan.catch_from..self.steps.len() } else { 0..self.plan.catch_from }
    }

    /// Everything that waits for something outside, and for what.
    pub fn awaiting(&self) -> impl Iterator<Item = (Place, Awaits)> {
        let open = self.steps.iter().enumerate().flat_map(|(index, step)| step.open_places(index));
        open.filter_map(|(place, progress)| Some((place, progress.awaits?)))
    }

    /// Whether an attempt is under way there.
    #[must_use]
    pub fn is_running(&self, place: Place) -> bool {
        self.steps[place.step].progress(place.iteration).is_some_and(|progress| progress.status == StepStatus::Running)
    }

    /// Whether a step failed for good and thereby fails the execution.
    #[must_use]
    pub fn failed_for_all(&self, step: StepIndex) -> bool {
        self.steps[step].status == StepStatus::Failed && self.plan.steps[step].on_error == OnError::Fail
    }

    /// Applies the next event.
    pub fn apply(&mut self, event: &Event) -> Result<(), FoldError> {
        if event.seq != self.seq + 1 {
            return Err(FoldError::Sequence { newest: self.seq, found: event.seq });
        }
        self.count_payloads(&event.body);
        match &event.body {
            EventBody::ExecutionQueued(origin) => self.originate(origin),
            EventBody::ExecutionStarted { origin } => {
                if let Some(origin) = origin {
                    self.originate(origin);
                }
                self.started = true;
            }
            EventBody::ExecutionCancelRequested { reason, by } => {
                self.cancel = Some(CancelRequest { reason: reason.clone(), by: by.clone() });
            }
            EventBody::FailureCaught { error } => self.catch(error, event.at),
            EventBody::ExecutionPaused { reason, by } => {
                self.paused = Some(PauseRequest { reason: reason.clone(), by: by.clone(), at: event.at });
            }
            EventBody::ExecutionResumed { .. } => self.paused = None,
            EventBody::FailureReported { .. } => {}
            EventBody::ExecutionCompleted { status, output, error } => {
                self.end = Some(End { status: *status, at: event.at, output: output.clone(), error: error.clone() });
                self.stop_open_steps(0..self.steps.len(), event.at);
            }
            body => self.apply_to_step(event, body)?,
        }
        self.seq = event.seq;
        Ok(())
    }

    fn originate(&mut self, origin: &Origin) {
        let meta = meta(self.id, Arc::clone(&origin.workflow_id), origin.version);
        self.scope = Scope::new(self.open.shown(&origin.input), meta);
        self.origin = Some(origin.clone());
    }

    fn apply_to_step(&mut self, event: &Event, body: &EventBody) -> Result<(), FoldError> {
        let id = body.step().unwrap_or_default();
        let unknown = || FoldError::UnknownStep { seq: event.seq, step: id.to_owned() };
        let index = *self.index.get(id).ok_or_else(unknown)?;
        let step = &mut self.steps[index];
        let repeat = self.plan.steps[index].repeat.as_ref();
        if let Some(number) = body.iteration() {
            step.apply_to_iteration(number, body, repeat.is_none_or(Repeat::fails_at_once));
            return Ok(());
        }
        match body {
            EventBody::StepStarted { attempt, input, .. } => step.begin(*attempt, input.clone(), event.at, repeat),
            EventBody::StepWaiting { until, awaits, .. } => {
                step.status = StepStatus::Waiting;
                step.wake_at = *until;
                step.awaits = awaits.as_deref().and_then(Awaits::of);
            }
            EventBody::StepDecided { .. } | EventBody::StepLogged { .. } => {}
            EventBody::StepCompleted { attempt, output, .. } => {
                step.attempt = *attempt;
                step.output = Some(Arc::clone(output));
                step.error = None;
                self.finish_step(index, StepStatus::Succeeded, event.at);
            }
            EventBody::StepFailed { attempt, error, retry_at, .. } => {
                step.attempt = *attempt;
                step.error = Some(error.clone());
                step.wake_at = *retry_at;
                step.awaits = None;
                if retry_at.is_some() {
                    step.status = StepStatus::Retrying;
                } else {
                    self.finish_step(index, StepStatus::Failed, event.at);
                }
            }
            EventBody::StepSkipped { reason, .. } => {
                step.skipped = Some(*reason);
                self.finish_step(index, StepStatus::Skipped, event.at);
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }

    fn finish_step(&mut self, index: StepIndex, status: StepStatus, at: DateTime<Utc>) {
        let plan = Arc::clone(&self.plan);
        let step = &mut self.steps[index];
        step.status = status;
        step.wake_at = None;
        step.awaits = None;
        step.finished_at = Some(at);
        if let Some(iterations) = &mut step.iterations {
            iterations.open.clear();
        }
        let output = step.output.as_ref().map(|output| self.open.shown(output));
        self.scope.step_ended(&plan.steps[index].id, status, output, step.error.clone());
        self.open_steps -= 1;
        for &dependent in &plan.steps[index].dependents {
            self.steps[dependent].unmet -= 1;
        }
    }

    /// The steps that had not ended are stopped; those of `catch` may begin.
    fn catch(&mut self, error: &StepError, at: DateTime<Utc>) {
        self.stop_open_steps(0..self.plan.catch_from, at);
        for (step, planned) in self.steps.iter().zip(&self.plan.steps).take(self.plan.catch_from) {
            let output = step.output.as_ref().map(|output| self.open.shown(output));
            self.scope.step_ended(&planned.id, step.status, output, step.error.clone());
        }
        self.scope = self.scope.with_error(error);
        self.caught = Some(Caught { error: error.clone(), at });
        self.open_steps = self.steps.len() - self.plan.catch_from;
    }

    fn stop_open_steps(&mut self, steps: Range<StepIndex>, at: DateTime<Utc>) {
        for step in self.steps[steps].iter_mut().filter(|step| !step.status.is_terminal()) {
            step.stop(at);
        }
        self.open_steps = 0;
    }
}

fn meta(execution_id: ExecutionId, workflow_id: Arc<str>, version: i32) -> ExecutionMeta {
    ExecutionMeta { execution_id, workflow_id, version, started_at: execution_id.admitted_at() }
}
