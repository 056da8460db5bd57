//! An attempt ends, a step ends, the execution ends.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tidemill_common::event::{EventBody, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};

use super::execution::{Action, Execution};
use crate::domain::mask::{mask_text, mask_values};
use crate::domain::workflow::plan::{OnError, StepIndex};

/// The longest `Retry-After` that is honoured.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(24 * 60 * 60);

impl Execution {
    /// An attempt that ran outside has ended. Results of attempts that nobody waits for any more are dropped.
    pub(super) fn step_ended(&mut self, step: StepIndex, attempt: u32, result: Result<Value, StepError>, now: DateTime<Utc>) {
        let state = &self.state.steps[step];
        if state.status != StepStatus::Running || state.attempt != attempt {
            return;
        }
        match self.without_secrets(step, result) {
            Ok(output) => self.complete(step, attempt, output, now),
            Err(error) => self.fail(step, attempt, error, now),
        }
    }

    /// What an attempt says may repeat a secret that it was given: an endpoint that echoes, an address in an error. Events keep
    /// none of it.
    fn without_secrets(&self, step: StepIndex, result: Result<Value, StepError>) -> Result<Value, StepError> {
        let Some(Ok(secrets)) = &self.secrets else { return result };
        if self.state.plan().steps[step].secrets.is_empty() {
            return result;
        }
        let values: Vec<String> = secrets.values().cloned().collect();
        match result {
            Ok(output) => Ok(mask_values(&output, &values)),
            Err(error) => Err(StepError { message: mask_text(&error.message, &values), ..error }),
        }
    }

    pub(super) fn complete(&mut self, step: StepIndex, attempt: u32, output: Value, now: DateTime<Utc>) {
        self.record(EventBody::StepCompleted { step: self.step_id(step), attempt, output: Arc::new(output) }, now);
        self.release_dependents(step);
    }

    /// The one place where an attempt fails, whatever the cause: it is tried again or the step has failed for good.
    pub(super) fn fail(&mut self, step: StepIndex, attempt: u32, error: StepError, now: DateTime<Utc>) {
        match self.retry_at(step, attempt, &error, now) {
            Ok(Some(at)) => {
                let step = self.step_id(step);
                self.record(EventBody::StepFailed { step, attempt, error, retry_at: Some(at) }, now);
            }
            Ok(None) => self.fail_for_good(step, attempt, error, now),
            Err(refusal) => self.fail_for_good(step, attempt, refusal, now),
        }
    }

    pub(super) fn fail_for_good(&mut self, step: StepIndex, attempt: u32, error: StepError, now: DateTime<Utc>) {
        self.record(EventBody::StepFailed { step: self.step_id(step), attempt, error, retry_at: None }, now);
        self.release_dependents(step);
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
        step: StepIndex,
        attempt: u32,
        error: &StepError,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StepError> {
        let retry = &self.state.plan().steps[step].retry;
        if attempt >= retry.max_attempts {
            return Ok(None);
        }
        let wanted = match &retry.retry_if {
            None => error.class.is_retried_by_default(),
            Some(condition) => condition.evaluate_bool(&self.state.scope.with_error(error)).map_err(|cause| {
                StepError::new(
                    FailureClass::User,
                    format!("`retry_if` can't be evaluated: {cause}; the error was: {}", error.message),
                )
            })?,
        };
        if !wanted {
            return Ok(None);
        }
        let own = retry.delay(attempt, jitter(self.state.id, step, attempt));
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
        let failed = |index: &usize| {
            self.state.steps[*index].status == StepStatus::Failed && plan.steps[*index].on_error == OnError::Fail
        };
        if let Some(index) = (0..plan.steps.len()).find(failed) {
            let error = self.state.steps[index].error.clone();
            let mut error = error.unwrap_or_else(|| StepError::new(FailureClass::User, "the step failed"));
            error.step = Some(plan.steps[index].id.to_string());
            return self.end_failed(error, now);
        }
        match plan.output.as_ref().map(|template| template.render(&self.state.scope)).transpose() {
            Ok(output) => {
                let output = output.map(Arc::new);
                let status = ExecutionStatus::Succeeded;
                self.record(EventBody::ExecutionCompleted { status, output, error: None }, now);
            }
            Err(error) => {
                let message = format!("the workflow's `output` can't be evaluated: {error}");
                self.end_failed(StepError::new(FailureClass::User, message), now);
            }
        }
    }

    pub(super) fn end_failed(&mut self, error: StepError, now: DateTime<Utc>) {
        self.end_with(ExecutionStatus::Failed, error, now);
    }

    fn end_with(&mut self, status: ExecutionStatus, error: StepError, now: DateTime<Utc>) {
        if self.state.steps.iter().any(|step| step.status == StepStatus::Running) {
            self.actions.push(Action::StopAll);
        }
        self.record(EventBody::ExecutionCompleted { status, output: None, error: Some(error) }, now);
    }
}

/// A number in 0..1 that differs between executions, steps and attempts, and is the same on every node.
fn jitter(id: ExecutionId, step: StepIndex, attempt: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (id, step, attempt).hash(&mut hasher);
    let top = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
    f64::from(top) / (f64::from(u32::MAX) + 1.0)
}
