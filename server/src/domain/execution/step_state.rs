//! What a step is: the fold of its events, and of those of its iterations when it has `for_each` or `while`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tidemill_common::awaited::{Awaited, AwaitedKind};
use tidemill_common::event::{EventBody, Json, SkipReason, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::StepStatus;

use crate::domain::workflow::plan::{Repeat, StepIndex};

/// Something that is attempted: a step, or one iteration of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The step.
    pub step: StepIndex,
    /// Which iteration, from 0; `None` for the step as a whole.
    pub iteration: Option<u32>,
}

impl Place {
    /// The step as a whole.
    #[must_use]
    pub fn whole(step: StepIndex) -> Self {
        Self { step, iteration: None }
    }
}

/// What a place waits for besides a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// The end of this execution.
    Execution(ExecutionId),
    /// A request to its resume address.
    Event,
    /// Somebody's approval.
    Approval,
    /// An operator's decision after a crash.
    Decision,
}

impl Awaits {
    /// What `awaited` is about, if it can be read.
    pub(super) fn of(awaited: &Awaited) -> Option<Self> {
        Some(match awaited.kind {
            AwaitedKind::Execution => Self::Execution(awaited.execution_id?),
            AwaitedKind::Event => Self::Event,
            AwaitedKind::Approval => Self::Approval,
            AwaitedKind::Decision => Self::Decision,
        })
    }

    /// Whether something is under way elsewhere, or may be, that an end of the step would leave behind.
    fn is_under_way(self) -> bool {
        matches!(self, Self::Execution(_) | Self::Decision)
    }
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
    /// What it waits for besides.
    pub awaits: Option<Awaits>,
    /// Its rendered `with`, secrets masked; the list of a step with `for_each`.
    pub input: Option<Json>,
    /// What later steps see.
    pub output: Option<Json>,
    /// Why its newest attempt failed.
    pub error: Option<StepError>,
    /// Why it was skipped.
    pub skipped: Option<SkipReason>,
    /// Its iterations, once a step with `for_each` or `while` has begun.
    pub iterations: Option<Iterations>,
    /// How many of the steps it depends on have not ended.
    pub(super) unmet: usize,
}

/// How far a step, or one iteration of it, has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Where it is in its life.
    pub status: StepStatus,
    /// The newest attempt; 0 before the first.
    pub attempt: u32,
    /// When it goes on by itself.
    pub wake_at: Option<DateTime<Utc>>,
    /// What it waits for besides.
    pub awaits: Option<Awaits>,
}

/// The iterations of one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Iterations {
    /// How many have begun.
    pub begun: u32,
    /// Those that have begun and not ended, by number. Never more than may be under way at once.
    pub open: BTreeMap<u32, Progress>,
    /// What became of those that have ended, by number.
    pub results: BTreeMap<u32, Result<Json, StepError>>,
    /// The first one that failed for good.
    pub failed: Option<u32>,
}

impl StepState {
    pub(super) fn new(unmet: usize) -> Self {
        Self {
            status: StepStatus::Pending,
            attempt: 0,
            started_at: None,
            finished_at: None,
            wake_at: None,
            awaits: None,
            input: None,
            output: None,
            error: None,
            skipped: None,
            iterations: None,
            unmet,
        }
    }

    /// How far the step or its iteration has come; `None` for an iteration that is not open.
    #[must_use]
    pub fn progress(&self, iteration: Option<u32>) -> Option<Progress> {
        match iteration {
            None => Some(Progress { status: self.status, attempt: self.attempt, wake_at: self.wake_at, awaits: self.awaits }),
            Some(number) => self.iterations.as_ref()?.open.get(&number).copied(),
        }
    }

    /// Whether the step may begin, or may begin another iteration.
    pub(super) fn is_ready(&self) -> bool {
        match &self.iterations {
            Some(_) => !self.status.is_terminal(),
            None => self.status == StepStatus::Pending && self.unmet == 0,
        }
    }

    /// Everything of this step that is under way, waits or is to be tried again.
    pub(super) fn open_places(&self, step: StepIndex) -> Vec<(Place, Progress)> {
        match &self.iterations {
            Some(iterations) => {
                let open = iterations.open.iter();
                open.map(|(number, progress)| (Place { step, iteration: Some(*number) }, *progress)).collect()
            }
            None => self.progress(None).map(|progress| (Place::whole(step), progress)).into_iter().collect(),
        }
    }

    pub(super) fn begin(&mut self, attempt: u32, input: Option<Json>, at: DateTime<Utc>, repeat: Option<&Repeat>) {
        self.status = StepStatus::Running;
        self.attempt = attempt;
        self.started_at.get_or_insert(at);
        self.wake_at = None;
        self.awaits = None;
        self.input = input;
        self.iterations = repeat.map(|_| Iterations::default());
    }

    /// The step will not go on: it is cancelled when it had begun, else skipped.
    pub(super) fn stop(&mut self, at: DateTime<Utc>) {
        let begun = self.status != StepStatus::Pending;
        self.status = if begun { StepStatus::Cancelled } else { StepStatus::Skipped };
        self.finished_at = begun.then_some(at);
        self.wake_at = None;
        self.awaits = None;
        if let Some(iterations) = &mut self.iterations {
            iterations.open.clear();
        }
    }

    /// Applies an event about iteration `number`. When one failed for good and `fails_at_once`, those that only wait are given up.
    pub(super) fn apply_to_iteration(&mut self, number: u32, body: &EventBody, fails_at_once: bool) {
        let iterations = self.iterations.get_or_insert_default();
        match body {
            EventBody::StepStarted { attempt, .. } => {
                let status = StepStatus::Running;
                iterations.go_on(number, Progress { status, attempt: *attempt, wake_at: None, awaits: None });
            }
            EventBody::StepWaiting { until, awaits, .. } => {
                let attempt = iterations.open.get(&number).map_or(0, |progress| progress.attempt);
                let (status, awaits) = (StepStatus::Waiting, awaits.as_deref().and_then(Awaits::of));
                iterations.go_on(number, Progress { status, attempt, wake_at: *until, awaits });
            }
            EventBody::StepFailed { attempt, retry_at: Some(at), .. } => {
                let status = StepStatus::Retrying;
                iterations.go_on(number, Progress { status, attempt: *attempt, wake_at: Some(*at), awaits: None });
            }
            EventBody::StepCompleted { output, .. } => iterations.end(number, Ok(output.clone())),
            EventBody::StepFailed { error, .. } => iterations.end(number, Err(error.clone())),
            _ => {}
        }
        if fails_at_once && iterations.failed.is_some() {
            iterations.open.retain(|_, progress| {
                progress.status == StepStatus::Running || progress.awaits.is_some_and(Awaits::is_under_way)
            });
        }
        self.status = iterations.status();
        self.wake_at = iterations.open.values().filter_map(|progress| progress.wake_at).min();
    }
}

impl Iterations {
    fn go_on(&mut self, number: u32, progress: Progress) {
        self.begun = self.begun.max(number + 1);
        self.open.insert(number, progress);
    }

    fn end(&mut self, number: u32, result: Result<Json, StepError>) {
        self.begun = self.begun.max(number + 1);
        self.open.remove(&number);
        if result.is_err() {
            self.failed.get_or_insert(number);
        }
        self.results.insert(number, result);
    }

    /// The step's state: between two iterations it is running.
    fn status(&self) -> StepStatus {
        let is = |status| self.open.values().any(|progress| progress.status == status);
        if self.open.is_empty() || is(StepStatus::Running) {
            StepStatus::Running
        } else if is(StepStatus::Waiting) {
            StepStatus::Waiting
        } else {
            StepStatus::Retrying
        }
    }
}
