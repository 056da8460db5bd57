//! An attempt ends, a step ends, the execution ends.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tidemill_common::event::{EventBody, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};

use super::machine::{Action, Execution};
use super::step_state::{Awaits, Place, Progress};
use crate::domain::workflow::plan::StepIndex;

/// The longest `Retry-After` that is honoured.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(24 * 60 * 60);

impl Execution {
    /// An attempt that ran outside has ended. Results of attempts that nobody waits for any more are dropped.
    pub(super) fn step_ended(
        &mut self,
        place: Place,
        attempt: u32,
        (result, log): (Result<Value, StepError>, String),
        now: DateTime<Utc>,
    ) {
        if !self.is_under_way(place, attempt) {
            return;
        }
        self.printed(place, attempt, log, now);
        match self.without_secrets(place.step, result) {
            Ok(output) => self.complete(place, attempt, output, now),
            Err(error) => self.fail(place, attempt, error, now),
        }
    }

    fn is_under_way(&self, place: Place, attempt: u32) -> bool {
        let is_open = |progress: Progress| {
            progress.status == StepStatus::Running || matches!(progress.awaits, Some(Awaits::Execution(_)))
        };
        let progress = self.state.steps[place.step].progress(place.iteration);
        progress.is_some_and(|progress| is_open(progress) && progress.attempt == attempt)
    }

    /// Keeps what an attempt under way has printed.
    pub(super) fn printed(&mut self, place: Place, attempt: u32, log: String, now: DateTime<Utc>) {
        if !log.is_empty() && self.is_under_way(place, attempt) {
            let (step, iteration, log) = (self.step_id(place.step), place.iteration, self.masked(log).into());
            self.record(EventBody::StepLogged { step, iteration, attempt, log }, now);
        }
    }

    /// What an attempt says may repeat a secret that it was given: an endpoint that echoes, an address in an error. Events keep
    /// none of it.
    fn without_secrets(&self, step: StepIndex, result: Result<Value, StepError>) -> Result<Value, StepError> {
        let Some(Ok(secrets)) = &self.secrets else { return result };
        if !self.state.plan().steps[step].is_confidential() {
            return result;
        }
        match result {
            Ok(output) => Ok(secrets.mask(&output)),
            Err(error) => Err(StepError { message: secrets.mask_text(&error.message), ..error }),
        }
    }

    /// A log without any secret that the execution knows: what a step was given may have gone through other steps.
    fn masked(&self, log: String) -> String {
        match &self.secrets {
            Some(Ok(secrets)) => secrets.mask_text(&log),
            _ => log,
        }
    }

    pub(super) fn complete(&mut self, place: Place, attempt: u32, output: Value, now: DateTime<Utc>) {
        let output = match self.keep("the output", output) {
            Ok(output) => output,
            Err(error) => return self.fail_for_good(place, attempt, error, now),
        };
        let (step, iteration) = (self.step_id(place.step), place.iteration);
        self.record(EventBody::StepCompleted { step, iteration, attempt, output }, now);
        self.place_ended(place);
    }

    /// The one place where an attempt fails, whatever the cause: it is tried again or the step has failed for good.
    pub(super) fn fail(&mut self, place: Place, attempt: u32, error: StepError, now: DateTime<Utc>) {
        match self.retry_at(place, attempt, &error, now) {
            Ok(Some(at)) => {
                let (step, iteration) = (self.step_id(place.step), place.iteration);
                self.record(EventBody::StepFailed { step, iteration, attempt, error, retry_at: Some(at) }, now);
            }
            Ok(None) => self.fail_for_good(place, attempt, error, now),
            Err(refusal) => self.fail_for_good(place, attempt, refusal, now),
        }
    }

    pub(super) fn fail_for_good(&mut self, place: Place, attempt: u32, error: StepError, now: DateTime<Utc>) {
        let (step, iteration) = (self.step_id(place.step), place.iteration);
        self.record(EventBody::StepFailed { step, iteration, attempt, error, retry_at: None }, now);
        self.place_ended(place);
    }

    /// What a step makes ready by its end: those that wait for it; an iteration: the step that it belongs to.
    fn place_ended(&mut self, place: Place) {
        if place.iteration.is_none() {
            self.release_dependents(place.step);
        } else if self.ready.back() != Some(&place.step) {
            self.ready.push_back(place.step);
        }
    }

    pub(super) fn release_dependents(&mut self, step: StepIndex) {
        let plan = self.plan();
        for &dependent in &plan.steps[step].dependents {
            if self.state.steps[dependent].unmet == 0 {
                self.ready.push_back(dependent);
            }
        }
    }

    fn retry_at(
        &self,
        place: Place,
        attempt: u32,
        error: &StepError,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StepError> {
        let retry = &self.state.plan().steps[place.step].retry;
        if attempt >= retry.max_attempts || self.gives_up(place.step) {
            return Ok(None);
        }
        let wanted = match &retry.retry_if {
            None => error.class.is_retried_by_default(),
            Some(condition) => condition.evaluate_bool(&self.scope_of(place).with_error(error)).map_err(|cause| {
                StepError::new(
                    FailureClass::User,
                    format!("`retry_if` can't be evaluated: {cause}; the error was: {}", error.message),
                )
            })?,
        };
        if !wanted {
            return Ok(None);
        }
        let own = retry.delay(attempt, jitter(self.state.id, place, attempt));
        let asked = Duration::from_secs(error.retry_after.unwrap_or(0)).min(RETRY_AFTER_MOST);
        Ok(TimeDelta::from_std(own.max(asked)).ok().and_then(|delay| now.checked_add_signed(delay)))
    }

    pub(super) fn cancel(&mut self, reason: Option<String>, by: String, now: DateTime<Utc>) {
        let message = match &reason {
            Some(reason) => format!("cancelled by {by}: {reason}"),
            None => format!("cancelled by {by}"),
        };
        self.record(EventBody::ExecutionCancelRequested { reason, by }, now);
        self.end_with(ExecutionStatus::Cancelled, StepError::new(FailureClass::Cancelled, message), now);
    }

    /// Every step has ended.
    pub(super) fn end(&mut self, now: DateTime<Utc>) {
        let plan = self.plan();
        if let Some(caught) = self.state.caught.clone() {
            return self.end_failed(caught.error, now);
        }
        if let Some(index) = (0..plan.catch_from).find(|index| self.state.failed_for_all(*index)) {
            let error = self.state.steps[index].error.clone();
            let mut error = error.unwrap_or_else(|| StepError::new(FailureClass::User, "the step failed"));
            error.step = Some(plan.steps[index].id.to_string());
            return self.end_failed(error, now);
        }
        let refused =
            |error| StepError::new(FailureClass::User, format!("the workflow's `output` can't be evaluated: {error}"));
        let output = plan.output.as_ref().map(|template| template.render(&self.state.scope)).transpose().map_err(refused);
        let output = output.and_then(|output| output.map(|output| self.keep("the workflow's `output`", output)).transpose());
        match output {
            Ok(output) => {
                let status = ExecutionStatus::Succeeded;
                self.record(EventBody::ExecutionCompleted { status, output, error: None }, now);
            }
            Err(error) => self.end_failed(error, now),
        }
    }

    /// The one place where the execution fails, whatever the cause: first its `catch` happens, once.
    pub(super) fn end_failed(&mut self, error: StepError, now: DateTime<Utc>) {
        match &self.state.caught {
            Some(caught) => self.end_caught(caught.error.clone(), now),
            None if self.plan().catch_from == self.state.steps.len() && self.state.failure_report(&error).is_none() => {
                self.end_with(ExecutionStatus::Failed, error, now);
            }
            None => self.catch(error, now),
        }
    }

    fn catch(&mut self, error: StepError, now: DateTime<Utc>) {
        self.stop_attempts();
        self.ready.clear();
        // Nothing of before is under way any more: a later `Resume` finds only what begins here.
        self.taken_up = true;
        self.record(EventBody::FailureCaught { error }, now);
        let first = self.state.active_steps().filter(|step| self.state.steps[*step].unmet == 0);
        self.ready.extend(first);
    }

    pub(super) fn stop_attempts(&mut self) {
        if self.state.steps.iter().any(|step| step.status == StepStatus::Running) {
            self.actions.push(Action::StopAll);
        }
    }

    pub(super) fn end_with(&mut self, status: ExecutionStatus, error: StepError, now: DateTime<Utc>) {
        self.stop_attempts();
        self.record(EventBody::ExecutionCompleted { status, output: None, error: Some(error) }, now);
    }
}

/// A number in 0..1 that differs between executions, steps, iterations and attempts, and is the same on every node.
fn jitter(id: ExecutionId, place: Place, attempt: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (id, place.step, place.iteration, attempt).hash(&mut hasher);
    let top = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
    f64::from(top) / (f64::from(u32::MAX) + 1.0)
}
