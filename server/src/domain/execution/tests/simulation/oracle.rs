//! What must hold after every append, whoever made it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;

use super::super::super::{Place, State};
use crate::domain::workflow::plan::{Effect, Plan, Repeat, StepIndex};

/// An attempt of a place.
type Attempt = (StepIndex, Option<u32>, u32);

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Oracle {
    plan: Arc<Plan>,
    /// The fold of everything that was appended.
    pub(super) state: State,
    /// When a place may go on.
    not_before: HashMap<(StepIndex, Option<u32>), DateTime<Utc>>,
    results: HashMap<(StepIndex, Option<u32>), u32>,
    /// Calls to the world: who made them, by epoch.
    calls: HashMap<Attempt, Vec<i32>>,
}

impl Oracle {
    pub(super) fn new(id: ExecutionId, plan: Arc<Plan>) -> Self {
        let state = State::new(id, Arc::clone(&plan));
        Self { plan, state, not_before: HashMap::new(), results: HashMap::new(), calls: HashMap::new() }
    }

    /// An event becomes durable.
    pub(super) fn appended(&mut self, event: &Event) {
        assert!(self.state.end.is_none(), "nothing follows the end: {event:?}");
        if let Some(step) = event.body.step() {
            self.check_step(event, self.plan.step_index(step).unwrap());
        }
        self.state.apply(event).unwrap_or_else(|error| panic!("{error}: {event:?}"));
        for (step, planned) in self.state.steps.iter().zip(&self.plan.steps) {
            let most = match &planned.repeat {
                Some(Repeat::ForEach(each)) => each.concurrency as usize,
                _ => 1,
            };
            let open = step.iterations.as_ref().map_or(0, |iterations| iterations.open.len());
            assert!(open <= most, "{open} iterations of {} are open, {most} may be", planned.id);
        }
    }

    fn check_step(&mut self, event: &Event, step: StepIndex) {
        let place = (step, event.body.iteration());
        let planned = &self.plan.steps[step];
        match &event.body {
            EventBody::StepStarted { attempt, .. } => {
                assert!(self.state.paused.is_none(), "nothing begins in a pause: {event:?}");
                assert!(*attempt <= planned.retry.max_attempts, "{event:?}");
                let ended = |parent: &StepIndex| self.state.steps[*parent].status.is_terminal();
                assert!(planned.depends_on.iter().all(ended), "what it waits for has ended: {event:?}");
                let before = self.state.steps[step].progress(place.1).map_or(0, |progress| progress.attempt);
                assert_eq!(*attempt, before + 1, "attempts are numbered without gaps: {event:?}");
                self.check_time(place, event);
            }
            EventBody::StepWaiting { until, .. } => {
                assert!(self.state.paused.is_none(), "nothing begins in a pause: {event:?}");
                if let Some(until) = until {
                    self.not_before.insert(place, *until);
                }
            }
            EventBody::StepFailed { retry_at: Some(at), .. } => {
                self.not_before.insert(place, *at);
            }
            EventBody::StepCompleted { .. } | EventBody::StepFailed { .. } | EventBody::StepSkipped { .. } => {
                if matches!(event.body, EventBody::StepCompleted { .. }) {
                    self.check_time(place, event);
                }
                let results = self.results.entry(place).or_default();
                *results += 1;
                assert_eq!(*results, 1, "a place has one result: {event:?}");
            }
            _ => {}
        }
    }

    fn check_time(&self, place: (StepIndex, Option<u32>), event: &Event) {
        if let Some(at) = self.not_before.get(&place) {
            assert!(*at <= event.at, "a timer never fires early: {at} {event:?}");
        }
    }

    /// A node calls the world; `losses` is how often work was lost so far.
    pub(super) fn called(&mut self, place: Place, attempt: u32, epoch: i32, losses: usize) {
        let planned = &self.plan.steps[place.step];
        let calls = self.calls.entry((place.step, place.iteration, attempt)).or_default();
        assert!(!calls.contains(&epoch), "one lease makes an attempt once: {place:?} {attempt}");
        calls.push(epoch);
        assert!(calls.len() <= losses + 1, "{place:?} was called {} times with {losses} losses", calls.len());
        if planned.effect == Effect::AtMostOnce {
            assert_eq!(calls.len(), 1, "what must not be repeated is not: {place:?}");
        }
    }

    /// What must not be repeated begins only when it is durable that it began.
    pub(super) fn calls_after_commit(&self, place: Place, attempt: u32) {
        let progress = self.state.steps[place.step].progress(place.iteration);
        let durable = progress.is_some_and(|progress| progress.attempt == attempt) && self.state.is_running(place);
        assert!(durable, "{place:?} is called before its start is durable");
    }
}
