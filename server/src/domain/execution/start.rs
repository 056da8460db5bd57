//! A step begins, waits, or is skipped.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::event::{EventBody, SkipReason, StepError};
use tidemill_common::limits;
use tidemill_common::status::{FailureClass, StepStatus};

use super::execution::{Action, Execution, RunStep};
use crate::domain::mask::{mask, mask_values};
use crate::domain::workflow::duration;
use crate::domain::workflow::expression::ExpressionError;
use crate::domain::workflow::plan::{OnError, StepIndex, WaitFor, Work};
use crate::domain::workflow::scope::Scope;

impl Execution {
    /// All that `step` depends on has ended: run it or skip it.
    pub(super) fn start(&mut self, step: StepIndex, now: DateTime<Utc>) {
        match self.gate(step) {
            Ok(None) => self.start_attempt(step, 1, now),
            Ok(Some(reason)) => self.skip(step, reason, now),
            Err(error) => self.fail_for_good(step, 0, author_error("if", &error), now),
        }
    }

    /// Why the step will not run, if it will not. A join runs when at least one of its parents succeeded and none failed.
    fn gate(&self, step: StepIndex) -> Result<Option<SkipReason>, ExpressionError> {
        let plan = self.state.plan();
        let parents = &plan.steps[step].depends_on;
        let failed = |&parent: &StepIndex| {
            let state = &self.state.steps[parent];
            (state.status == StepStatus::Failed && plan.steps[parent].on_error == OnError::Fail)
                || state.skipped == Some(SkipReason::Failure)
        };
        if parents.iter().any(failed) {
            return Ok(Some(SkipReason::Failure));
        }
        let skipped = |&parent: &StepIndex| self.state.steps[parent].status == StepStatus::Skipped;
        if !parents.is_empty() && parents.iter().all(skipped) {
            return Ok(Some(SkipReason::Dependency));
        }
        match &plan.steps[step].condition {
            Some(condition) if !condition.evaluate_bool(&self.state.scope)? => Ok(Some(SkipReason::Condition)),
            _ => Ok(None),
        }
    }

    fn skip(&mut self, step: StepIndex, reason: SkipReason, now: DateTime<Utc>) {
        self.record(EventBody::StepSkipped { step: self.step_id(step), reason }, now);
        self.release_dependents(step);
    }

    /// A wait is over or the next attempt is due.
    pub(super) fn wake(&mut self, step: StepIndex, now: DateTime<Utc>) {
        let state = &self.state.steps[step];
        let attempt = state.attempt;
        if state.status == StepStatus::Waiting {
            let output = json!({"until": state.wake_at});
            self.complete(step, attempt, output, now);
        } else {
            self.start_attempt(step, attempt + 1, now);
        }
    }

    fn start_attempt(&mut self, step: StepIndex, attempt: u32, now: DateTime<Utc>) {
        let plan = self.plan();
        match &plan.steps[step].work {
            Work::Transform(template) => {
                let result = template.render(&self.state.scope);
                self.record_started(step, attempt, None, now);
                self.finish_evaluation(step, attempt, result, now);
            }
            Work::Fail(message) => {
                let result = message.render(&self.state.scope);
                self.record_started(step, attempt, None, now);
                let error = match result {
                    Ok(Value::String(message)) => StepError::new(FailureClass::User, message),
                    Ok(other) => StepError::new(FailureClass::User, other.to_string()),
                    Err(error) => author_error("with", &error),
                };
                self.fail(step, attempt, error, now);
            }
            Work::Wait(wait) => {
                self.record_started(step, attempt, None, now);
                match wake_time(wait, &self.state.scope, now) {
                    Ok(until) => self.record(EventBody::StepWaiting { step: self.step_id(step), until }, now),
                    Err(error) => self.fail_for_good(step, attempt, error, now),
                }
            }
            Work::HttpRequest(_) | Work::Code(_) => self.run_attempt(step, attempt, now),
        }
    }

    /// Hands an attempt with outside effects to the executor. Does not record `step_started` twice when an attempt is repeated.
    pub(super) fn run_attempt(&mut self, step: StepIndex, attempt: u32, now: DateTime<Utc>) {
        let plan = self.plan();
        let Some(template) = plan.steps[step].work.attempt() else {
            return self.start_attempt(step, attempt, now);
        };
        let rendered = self.secrets_of(step).and_then(|secrets| {
            let with = template.render(&self.state.scope.with_secrets(Arc::clone(&secrets)));
            with.map(|with| (with, secrets)).map_err(|error| author_error("with", &error))
        });
        if self.state.steps[step].status != StepStatus::Running {
            let shown = rendered.as_ref().ok().map(|(with, secrets)| Arc::new(shown(with, secrets)));
            self.record_started(step, attempt, shown, now);
        }
        match rendered {
            Ok((with, _)) => self.actions.push(Action::Run(RunStep { step, attempt, with })),
            Err(error) => self.fail_for_good(step, attempt, error, now),
        }
    }

    fn secrets_of(&self, step: StepIndex) -> Result<Arc<BTreeMap<String, String>>, StepError> {
        match &self.secrets {
            Some(Ok(secrets)) => Ok(Arc::clone(secrets)),
            Some(Err(why)) if !self.state.plan().steps[step].secrets.is_empty() => {
                Err(StepError::new(FailureClass::User, why.clone()))
            }
            _ => Ok(Arc::default()),
        }
    }

    fn finish_evaluation(&mut self, step: StepIndex, attempt: u32, result: Result<Value, ExpressionError>, now: DateTime<Utc>) {
        match result {
            Ok(output) => self.complete(step, attempt, output, now),
            Err(error) => self.fail(step, attempt, author_error("with", &error), now),
        }
    }

    fn record_started(&mut self, step: StepIndex, attempt: u32, input: Option<Arc<Value>>, now: DateTime<Utc>) {
        self.record(EventBody::StepStarted { step: self.step_id(step), attempt, input }, now);
    }

    pub(super) fn step_id(&self, step: StepIndex) -> Arc<str> {
        Arc::clone(&self.state.plan().steps[step].id)
    }
}

/// An expression that can't be evaluated is the author's to mend; trying again doesn't help.
fn author_error(field: &str, error: &ExpressionError) -> StepError {
    StepError::new(FailureClass::User, format!("`{field}` can't be evaluated: {error}"))
}

/// When a wait ends. A time that has passed ends it at once.
fn wake_time(wait: &WaitFor, scope: &Scope, now: DateTime<Utc>) -> Result<DateTime<Utc>, StepError> {
    let until = match wait {
        WaitFor::Duration(template) => {
            let value = template.render(scope).map_err(|error| author_error("with.duration", &error))?;
            let text = value.as_str().ok_or_else(|| refused(format!("`duration` is {value}; it must be text such as 90s")))?;
            let duration = duration::parse(text).map_err(|error| refused(error.to_string()))?;
            TimeDelta::from_std(duration).ok().and_then(|delta| now.checked_add_signed(delta))
        }
        WaitFor::Until(template) => {
            let value = template.render(scope).map_err(|error| author_error("with.until", &error))?;
            let text = value.as_str().ok_or_else(|| refused(format!("`until` is {value}; it must be a time in quotes")))?;
            let time = DateTime::parse_from_rfc3339(text).map_err(|error| {
                refused(format!("`until` is `{text}`: {error}; write it as in 2026-03-01T09:30:00Z (RFC 3339)"))
            })?;
            Some(time.to_utc())
        }
    };
    let latest = TimeDelta::try_seconds(i64::try_from(limits::WAIT_SECONDS).unwrap_or(i64::MAX));
    match (until, latest.and_then(|delta| now.checked_add_signed(delta))) {
        (Some(until), Some(latest)) if until <= latest => Ok(until.max(now)),
        _ => Err(refused("a wait may last 366 days at most")),
    }
}

/// A rendered `with` as it may be kept.
fn shown(with: &Value, secrets: &BTreeMap<String, String>) -> Value {
    let values: Vec<String> = secrets.values().cloned().collect();
    mask_values(&mask(with), &values)
}

fn refused(message: impl Into<String>) -> StepError {
    StepError::new(FailureClass::User, message)
}
