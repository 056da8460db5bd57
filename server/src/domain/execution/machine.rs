//! The machine: takes an input, records events, returns actions.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::event::{Event, EventBody, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::{FailureClass, StepStatus};

use super::awaiting::{Answered, Calling};
use super::report::FailureReport;
use super::state::State;
use super::step_state::{Awaits, Place};
use crate::domain::credential::Credential;
use crate::domain::known_secrets::KnownSecrets;
use crate::domain::payload::{Packed, PayloadLimits};
use crate::domain::workflow::plan::{Effect, Plan, Step, StepIndex};

/// The workspace's secrets and credentials that a plan uses; or why they can't be had.
pub type Secrets = Result<Arc<KnownSecrets>, String>;

/// One execution in the hands of its executor.
pub struct Execution {
    pub(super) state: State,
    pub(super) secrets: Option<Secrets>,
    pub(super) ready: VecDeque<StepIndex>,
    /// How many iterations this decision has begun.
    pub(super) begun_now: u32,
    /// Whether another workflow is being told that this execution fails: nothing begins any more.
    pub(super) reporting: bool,
    /// Whether [`Input::Resume`] took effect: what was under way elsewhere is under way here.
    pub(super) taken_up: bool,
    /// What came for places that wait, or will.
    pub(super) answers: Vec<Answered>,
    pub(super) actions: Vec<Action>,
    pub(super) limits: PayloadLimits,
    /// What must be opened before the decision can go on.
    pub(super) lacking: Vec<PayloadRef>,
    pub(super) unappended_payloads: Vec<Arc<Packed>>,
    unappended: Vec<Event>,
}

/// What happened outside.
#[derive(Debug)]
pub enum Input {
    /// The executor has just got the execution: admitted now, woken, or taken over.
    Resume,
    /// An attempt that an [`Action::Run`] asked for has ended.
    StepEnded {
        /// The step, or its iteration.
        place: Place,
        /// The attempt.
        attempt: u32,
        /// Its output or its error.
        result: Result<Value, StepError>,
        /// What it printed; empty when it printed nothing.
        log: String,
    },
    /// What an attempt has printed that is about to be stopped.
    Printed {
        /// The step, or its iteration.
        place: Place,
        /// The attempt.
        attempt: u32,
        /// What it printed; empty when it printed nothing.
        log: String,
    },
    /// What became of an [`Action::Report`]: the execution that was started, or why there is none.
    Reported(Result<ExecutionId, String>),
    /// Time passed, or answers were given: something may be due.
    Tick,
    /// Someone wants it to end.
    Cancel {
        /// Why.
        reason: Option<String>,
        /// Who.
        by: String,
    },
    /// It was refused when it arrived.
    Fail {
        /// Why.
        reason: String,
    },
    /// An operator wants nothing new to begin.
    Pause {
        /// Why.
        reason: Option<String>,
        /// Who.
        by: String,
    },
    /// An operator lets it go on.
    Unpause {
        /// Why.
        reason: Option<String>,
        /// Who.
        by: String,
    },
}

/// What somebody with hands must do.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Carry out one attempt of a step and come back with [`Input::StepEnded`].
    Run(RunStep),
    /// Stop every attempt that is under way; nobody waits for its result.
    StopAll,
    /// Tell another workflow of the failure and come back with [`Input::Reported`].
    Report(FailureReport),
    /// Start an execution of another workflow, unless it was started already. If there can't be one, come back with
    /// [`Input::StepEnded`]; its end is an answer.
    Call(Calling),
    /// Come back with [`Input::Tick`] at once: more is ready than one decision does, or payloads must be opened.
    GoOn,
}

/// One attempt of a step with outside effects.
#[derive(Debug, PartialEq)]
pub struct RunStep {
    /// The step, or its iteration.
    pub place: Place,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Its rendered `with`, secrets in clear: never stored, never logged.
    pub with: Value,
    /// What proves who asks, when the step names a credential.
    pub credential: Option<Arc<Credential>>,
}

impl Execution {
    /// The machine for an execution in `state`.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self {
            state,
            secrets: None,
            ready: VecDeque::new(),
            begun_now: 0,
            reporting: false,
            taken_up: false,
            answers: Vec::new(),
            actions: Vec::new(),
            limits: PayloadLimits::default(),
            lacking: Vec::new(),
            unappended_payloads: Vec::new(),
            unappended: Vec::new(),
        }
    }

    /// Whether its plan uses secrets or credentials that were not given yet. Give them before the first decision.
    #[must_use]
    pub fn wants_secrets(&self) -> bool {
        self.secrets.is_none() && self.state.plan().steps.iter().any(Step::is_confidential)
    }

    /// Gives the secrets and credentials that the plan uses; when they can't be had, the steps that use them fail and say why.
    pub fn give_secrets(&mut self, secrets: Secrets) {
        self.secrets = Some(secrets);
    }

    /// The fold of all events, those not appended yet included.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes the events that were recorded since the last call, to append them.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.unappended)
    }

    /// Whether there are events to append.
    #[must_use]
    pub fn has_events(&self) -> bool {
        !self.unappended.is_empty()
    }

    /// Decides what follows from `input` at `now`. Inputs that come too late change nothing.
    pub fn decide(&mut self, input: Input, now: DateTime<Utc>) -> Vec<Action> {
        self.begun_now = 0;
        if self.state.end.is_none() {
            match input {
                Input::Resume => self.take_up(now),
                Input::StepEnded { place, attempt, result, log } => self.step_ended(place, attempt, (result, log), now),
                Input::Printed { place, attempt, log } => self.printed(place, attempt, log, now),
                Input::Reported(outcome) => self.reported(outcome, now),
                Input::Tick => {
                    self.answer(now);
                    self.wake_due(now);
                }
                Input::Cancel { reason, by } => self.cancel(reason, by, now),
                Input::Fail { reason } => self.end_failed(StepError::new(FailureClass::User, reason), now),
                Input::Pause { reason, by } => self.pause(reason, by, now),
                Input::Unpause { reason, by } => self.unpause(reason, by, now),
            }
            self.settle(now);
        }
        std::mem::take(&mut self.actions)
    }

    /// Whether `input` stops, at `now`, the attempts that are under way: what they have printed is to be told before.
    #[must_use]
    pub fn stops_attempts(&self, input: &Input, now: DateTime<Utc>) -> bool {
        match input {
            Input::Cancel { .. } | Input::Fail { .. } => true,
            Input::Tick => self.state.paused.is_none() && self.state.deadline().is_some_and(|deadline| deadline <= now),
            _ => false,
        }
    }

    /// When it goes on by itself, if it waits for a time.
    #[must_use]
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.state.wake_at().filter(|_| !self.reporting)
    }

    /// Records an event: applies it to the state and keeps it for the next append.
    pub(super) fn record(&mut self, body: EventBody, now: DateTime<Utc>) {
        let event = Event { execution_id: self.state.id, seq: self.state.seq + 1, at: now, body };
        let applied = self.state.apply(&event);
        debug_assert!(applied.is_ok(), "the machine records only events that fit: {applied:?}");
        self.unappended.push(event);
    }

    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::clone(self.state.plan())
    }

    /// Goes on where the events end; once, and not before it is resumed when it is paused.
    pub(super) fn take_up(&mut self, now: DateTime<Utc>) {
        if self.taken_up || self.state.paused.is_some() {
            return;
        }
        self.taken_up = true;
        if !self.state.started {
            self.record(EventBody::ExecutionStarted { origin: None }, now);
        }
        for step in self.state.active_steps() {
            self.resume_step(step, now);
        }
        self.answer(now);
        self.wake_due(now);
    }

    fn resume_step(&mut self, step: StepIndex, now: DateTime<Utc>) {
        let state = &self.state.steps[step];
        if state.is_ready() {
            self.ready.push_back(step);
        }
        for (place, progress) in state.open_places(step) {
            match progress.awaits {
                _ if progress.status == StepStatus::Running => self.repeat_attempt(place, progress.attempt, now),
                Some(Awaits::Execution(child)) => self.call_again(place, progress.attempt, child, now),
                _ => {}
            }
        }
    }

    /// An attempt was under way when its node was lost: nobody knows how far it came. It is carried out again under the same
    /// number, and so with the same idempotency key, unless it must never be repeated: then an operator decides.
    fn repeat_attempt(&mut self, place: Place, attempt: u32, now: DateTime<Utc>) {
        if self.plan().steps[place.step].effect == Effect::AtMostOnce {
            self.ask_operator(place, now);
        } else {
            self.run_attempt(place, attempt, now);
        }
    }

    pub(super) fn wake_due(&mut self, now: DateTime<Utc>) {
        if self.state.paused.is_some() {
            return;
        }
        if self.state.deadline().is_some_and(|deadline| deadline <= now) {
            let error = StepError::new(FailureClass::Timeout, "the execution took longer than the workflow's `timeout`");
            return self.end_failed(error, now);
        }
        for step in self.state.active_steps() {
            if self.state.steps[step].wake_at.is_some_and(|at| at <= now) {
                for (place, progress) in self.state.steps[step].open_places(step) {
                    if progress.wake_at.is_some_and(|at| at <= now) {
                        self.wake(place, progress, now);
                    }
                }
            }
        }
    }

    /// Starts everything that became ready, until nothing is left but to wait, or the execution ended.
    fn settle(&mut self, now: DateTime<Utc>) {
        if self.state.paused.is_some() {
            // Found again when it is resumed.
            return self.ready.clear();
        }
        while let Some(step) = self.ready.pop_front() {
            if self.state.end.is_some() || self.reporting {
                return;
            }
            if self.must_open(step) {
                return self.ready.push_front(step);
            }
            match self.state.steps[step].status {
                StepStatus::Pending => self.start(step, now),
                _ => self.go_on_iterating(step, now),
            }
            self.answer(now);
            if !self.lacking.is_empty() {
                return;
            }
            if self.has_begun_enough() {
                return self.actions.push(Action::GoOn);
            }
        }
        if self.state.end.is_none() && self.state.open_steps == 0 && !self.must_open_for_output() {
            self.end(now);
            // A failure that is caught makes steps ready, or nothing is left but to tell of it.
            if self.state.end.is_none() && !self.reporting {
                self.settle(now);
            }
        }
    }
}
