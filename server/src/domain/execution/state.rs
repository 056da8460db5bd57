//! What an execution is: the fold of its events.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody, Json, Origin, SkipReason, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, StepStatus};

use crate::domain::workflow::plan::{Plan, StepIndex};
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
    /// How it ended.
    pub end: Option<End>,
    /// What expressions see.
    pub(super) scope: Scope,
    /// Steps that have not ended.
    pub(super) open_steps: usize,
    plan: Arc<Plan>,
    index: HashMap<Arc<str>, StepIndex>,
}

/// The state of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// Where it is in its life.
    pub status: StepStatus,
    /// The newest attempt; 0 before the first.
    pub attempt: u32,
    /// When its first attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it goes on by itself.
    pub wake_at: Option<DateTime<Utc>>,
    /// Its rendered `with`, secrets masked.
    pub input: Option<Json>,
    /// What later steps see.
    pub output: Option<Json>,
    /// Why its newest attempt failed.
    pub error: Option<StepError>,
    /// Why it was skipped.
    pub skipped: Option<SkipReason>,
    /// How many of the steps it depends on have not ended.
    pub(super) unmet: usize,
}

/// A request to cancel an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelRequest {
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
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
            open_steps: steps.len(),
            steps,
            cancel: None,
            end: None,
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
        if !self.started {
            return ExecutionStatus::Queued;
        }
        let is = |status| self.steps.iter().any(|step| step.status == status);
        if !is(StepStatus::Running) && (is(StepStatus::Waiting) || is(StepStatus::Retrying)) {
            return ExecutionStatus::Waiting;
        }
        ExecutionStatus::Running
    }

    /// When the execution goes on by itself, if it waits for a time.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        if self.end.is_some() {
            return None;
        }
        self.steps.iter().filter_map(|step| step.wake_at).chain(self.deadline()).min()
    }

    /// When the execution's own `timeout` ends it.
    #[must_use]
    pub fn deadline(&self) -> Option<DateTime<Utc>> {
        let timeout = chrono::TimeDelta::from_std(self.plan.timeout?).ok()?;
        self.id.admitted_at().checked_add_signed(timeout)
    }

    /// Applies the next event.
    pub fn apply(&mut self, event: &Event) -> Result<(), FoldError> {
        if event.seq != self.seq + 1 {
            return Err(FoldError::Sequence { newest: self.seq, found: event.seq });
        }
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
            EventBody::ExecutionCompleted { status, output, error } => {
                self.end = Some(End { status: *status, at: event.at, output: output.clone(), error: error.clone() });
                self.stop_open_steps(event.at);
            }
            body => self.apply_to_step(event, body)?,
        }
        self.seq = event.seq;
        Ok(())
    }

    fn originate(&mut self, origin: &Origin) {
        let meta = meta(self.id, Arc::clone(&origin.workflow_id), origin.version);
        self.scope = Scope::new(Arc::clone(&origin.input), meta);
        self.origin = Some(origin.clone());
    }

    fn apply_to_step(&mut self, event: &Event, body: &EventBody) -> Result<(), FoldError> {
        let id = body.step().unwrap_or_default();
        let unknown = || FoldError::UnknownStep { seq: event.seq, step: id.to_owned() };
        let index = *self.index.get(id).ok_or_else(unknown)?;
        let step = &mut self.steps[index];
        match body {
            EventBody::StepStarted { attempt, input, .. } => step.begin(*attempt, input.clone(), event.at),
            EventBody::StepWaiting { until, .. } => {
                step.status = StepStatus::Waiting;
                step.wake_at = Some(*until);
            }
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
        step.finished_at = Some(at);
        self.scope.step_ended(&plan.steps[index].id, status, step.output.clone(), step.error.clone());
        self.open_steps -= 1;
        for &dependent in &plan.steps[index].dependents {
            self.steps[dependent].unmet -= 1;
        }
    }

    fn stop_open_steps(&mut self, at: DateTime<Utc>) {
        for step in self.steps.iter_mut().filter(|step| !step.status.is_terminal()) {
            step.status = StepStatus::Cancelled;
            step.wake_at = None;
            if step.started_at.is_some() {
                step.finished_at = Some(at);
            }
        }
        self.open_steps = 0;
    }
}

fn meta(execution_id: ExecutionId, workflow_id: Arc<str>, version: i32) -> ExecutionMeta {
    ExecutionMeta { execution_id, workflow_id, version, started_at: execution_id.admitted_at() }
}

impl StepState {
    fn new(unmet: usize) -> Self {
        Self {
            status: StepStatus::Pending,
            attempt: 0,
            started_at: None,
            finished_at: None,
            wake_at: None,
            input: None,
            output: None,
            error: None,
            skipped: None,
            unmet,
        }
    }

    fn begin(&mut self, attempt: u32, input: Option<Json>, at: DateTime<Utc>) {
        self.status = StepStatus::Running;
        self.attempt = attempt;
        self.started_at.get_or_insert(at);
        self.wake_at = None;
        self.input = input;
    }
}
