//! A step begins, waits, or is skipped.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::awaited::Awaited;
use tidemill_common::event::{EventBody, SkipReason, StepError};
use tidemill_common::limits;
use tidemill_common::status::{FailureClass, StepStatus};

use super::machine::{Action, Execution, RunStep};
use super::step_state::{Place, Progress};
use crate::domain::known_secrets::KnownSecrets;
use crate::domain::workflow::duration;
use crate::domain::workflow::expression::ExpressionError;
use crate::domain::workflow::plan::{StepIndex, Switch, WaitFor, Work};
use crate::domain::workflow::scope::Scope;

impl Execution {
    /// All that `step` depends on has ended: run it or skip it.
    pub(super) fn start(&mut self, step: StepIndex, now: DateTime<Utc>) {
        match self.gate(step) {
            Ok(None) => self.begin(step, now),
            Ok(Some(reason)) => self.skip(step, reason, now),
            Err(error) => self.fail_for_good(Place::whole(step), 0, author_error("if", &error), now),
        }
    }

    fn begin(&mut self, step: StepIndex, now: DateTime<Utc>) {
        match &self.plan().steps[step].repeat {
            None => self.start_attempt(Place::whole(step), 1, now),
            Some(repeat) => self.start_iterations(step, repeat, now),
        }
    }

    /// Why the step will not run, if it will not. A join runs when at least one of its parents succeeded and none failed; an
    /// `if` with a status function decides alone. What a switch didn't choose never runs.
    fn gate(&self, step: StepIndex) -> Result<Option<SkipReason>, ExpressionError> {
        let planned = &self.state.plan().steps[step];
        if planned.depends_on.iter().any(|switch| self.leaves_out(*switch, step)) {
            return Ok(Some(SkipReason::NotChosen));
        }
        if let Some(reason) = self.blocked(step).filter(|_| !planned.asks_status) {
            return Ok(Some(reason));
        }
        let Some(condition) = &planned.condition else { return Ok(None) };
        let holds = if planned.asks_status {
            condition.evaluate_bool(&self.state.scope.with_status(self.ancestor_failed(step)))?
        } else {
            condition.evaluate_bool(&self.state.scope)?
        };
        Ok((!holds).then_some(SkipReason::Condition))
    }

    /// Why its parents keep the step from running, if they do.
    fn blocked(&self, step: StepIndex) -> Option<SkipReason> {
        let parents = &self.state.plan().steps[step].depends_on;
        let failed = |&parent: &StepIndex| {
            self.state.failed_for_all(parent) || self.state.steps[parent].skipped == Some(SkipReason::Failure)
        };
        let skipped = |&parent: &StepIndex| self.state.steps[parent].status == StepStatus::Skipped;
        if parents.iter().any(failed) {
            Some(SkipReason::Failure)
        } else {
            (!parents.is_empty() && parents.iter().all(skipped)).then_some(SkipReason::Dependency)
        }
    }

    /// Whether a step that this one waits for, directly or not, failed and thereby fails the execution.
    fn ancestor_failed(&self, step: StepIndex) -> bool {
        let plan = self.state.plan();
        let mut seen = vec![false; plan.steps.len()];
        let mut waiting = plan.steps[step].depends_on.clone();
        while let Some(ancestor) = waiting.pop() {
            if self.state.failed_for_all(ancestor) {
                return true;
            }
            if !std::mem::replace(&mut seen[ancestor], true) {
                waiting.extend(&plan.steps[ancestor].depends_on);
            }
        }
        false
    }

    /// Whether `switch` is a switch that names `step` and chose another case.
    fn leaves_out(&self, switch: StepIndex, step: StepIndex) -> bool {
        let Work::Switch(planned) = &self.state.plan().steps[switch].work else { return false };
        let Some(output) = self.state.steps[switch].output.as_ref().map(|output| self.state.open.shown(output)) else {
            return false;
        };
        planned.names(step) && !planned.chosen(output.get("case").and_then(Value::as_str)).contains(&step)
    }

    fn skip(&mut self, step: StepIndex, reason: SkipReason, now: DateTime<Utc>) {
        self.record(EventBody::StepSkipped { step: self.step_id(step), reason }, now);
        self.release_dependents(step);
    }

    /// A wait is over, the pause before an iteration is over, or the next attempt is due.
    pub(super) fn wake(&mut self, place: Place, progress: Progress, now: DateTime<Utc>) {
        if let Some(awaits) = progress.awaits {
            self.nothing_came(place, (progress.attempt, awaits), now);
        } else if progress.status == StepStatus::Waiting && progress.attempt > 0 {
            let output = json!({"until": progress.wake_at});
            self.complete(place, progress.attempt, output, now);
        } else {
            self.start_attempt(place, progress.attempt + 1, now);
        }
    }

    pub(super) fn start_attempt(&mut self, place: Place, attempt: u32, now: DateTime<Utc>) {
        let plan = self.plan();
        let scope = self.scope_of(place);
        match &plan.steps[place.step].work {
            Work::Transform(template) => {
                self.record_started(place, attempt, None, now);
                self.finish_evaluation(place, attempt, template.render(&scope), now);
            }
            Work::Switch(switch) => {
                self.record_started(place, attempt, None, now);
                self.finish_evaluation(place, attempt, choose(switch, &scope), now);
            }
            Work::Fail(message) => {
                let result = message.render(&scope);
                self.record_started(place, attempt, None, now);
                let error = match result {
                    Ok(Value::String(message)) => StepError::new(FailureClass::User, message),
                    Ok(other) => StepError::new(FailureClass::User, other.to_string()),
                    Err(error) => author_error("with", &error),
                };
                self.fail(place, attempt, error, now);
            }
            Work::Wait(WaitFor::Event(wait)) => self.await_event(place, attempt, &wait.event, now),
            Work::Wait(wait) => {
                self.record_started(place, attempt, None, now);
                match wake_time(wait, &scope, now) {
                    Ok(until) => self.record_waiting(place, Some(until), None, now),
                    Err(error) => self.fail_for_good(place, attempt, error, now),
                }
            }
            Work::Call(call) => self.call(place, attempt, call, now),
            Work::Approval(approval) => self.ask_approval(place, attempt, approval, now),
            Work::HttpRequest(_) | Work::Email(_) | Work::Webhook(_) | Work::Code(_) => self.run_attempt(place, attempt, now),
        }
    }

    /// Hands an attempt with outside effects to the executor. Does not record `step_started` twice when an attempt is repeated.
    pub(super) fn run_attempt(&mut self, place: Place, attempt: u32, now: DateTime<Utc>) {
        let plan = self.plan();
        let Some(template) = plan.steps[place.step].work.attempt() else {
            return self.start_attempt(place, attempt, now);
        };
        let rendered = self.secrets_of(place.step).and_then(|secrets| {
            let with = template.render(&self.scope_of(place).with_secrets(secrets.secrets()));
            // What the evaluator complains about may be a secret.
            let refused = |error: StepError| StepError { message: secrets.mask_text(&error.message), ..error };
            with.map_err(|error| refused(author_error("with", &error))).map(|with| (with, secrets))
        });
        let mut rendered = rendered;
        if !self.state.is_running(place) {
            let shown = rendered.as_ref().ok().map(|(with, secrets)| secrets.shown(with));
            let shown = shown.map(|shown| self.keep("what `with` gives", shown)).transpose();
            self.record_started(place, attempt, shown.clone().unwrap_or_default(), now);
            rendered = shown.and(rendered);
        }
        match rendered {
            Ok((with, secrets)) => {
                let credential = plan.steps[place.step].credential.as_ref().and_then(|name| secrets.credential(name));
                self.actions.push(Action::Run(RunStep { place, attempt, with, credential }));
            }
            Err(error) => self.fail_for_good(place, attempt, error, now),
        }
    }

    fn secrets_of(&self, step: StepIndex) -> Result<Arc<KnownSecrets>, StepError> {
        match &self.secrets {
            Some(Ok(secrets)) => Ok(Arc::clone(secrets)),
            Some(Err(why)) if self.state.plan().steps[step].is_confidential() => {
                Err(StepError::new(FailureClass::User, why.clone()))
            }
            _ => Ok(Arc::default()),
        }
    }

    fn finish_evaluation(&mut self, place: Place, attempt: u32, result: Result<Value, ExpressionError>, now: DateTime<Utc>) {
        match result {
            Ok(output) => self.complete(place, attempt, output, now),
            Err(error) => self.fail(place, attempt, author_error("with", &error), now),
        }
    }

    pub(super) fn record_started(&mut self, place: Place, attempt: u32, input: Option<Arc<Value>>, now: DateTime<Utc>) {
        let (step, iteration) = (self.step_id(place.step), place.iteration);
        self.record(EventBody::StepStarted { step, iteration, attempt, input }, now);
    }

    pub(super) fn record_waiting(
        &mut self,
        place: Place,
        until: Option<DateTime<Utc>>,
        awaits: Option<Awaited>,
        now: DateTime<Utc>,
    ) {
        let (step, iteration, awaits) = (self.step_id(place.step), place.iteration, awaits.map(Arc::new));
        self.record(EventBody::StepWaiting { step, iteration, until, awaits }, now);
    }

    pub(super) fn step_id(&self, step: StepIndex) -> Arc<str> {
        Arc::clone(&self.state.plan().steps[step].id)
    }
}

/// An expression that can't be evaluated is the author's to mend; trying again doesn't help.
pub(super) fn author_error(field: &str, error: &ExpressionError) -> StepError {
    StepError::new(FailureClass::User, format!("`{field}` can't be evaluated: {error}"))
}

/// What a switch gives: its value and the case that it fits, null when none does.
fn choose(switch: &Switch, scope: &Scope) -> Result<Value, ExpressionError> {
    let value = switch.value.render(scope)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let case = switch.cases.contains_key(text.as_str()).then_some(text);
    Ok(json!({"value": value, "case": case}))
}

/// When a wait ends. A time that has passed ends it at once.
fn wake_time(wait: &WaitFor, scope: &Scope, now: DateTime<Utc>) -> Result<DateTime<Utc>, StepError> {
    let until = match wait {
        WaitFor::Duration(template) => {
            let value = template.render(scope).map_err(|error| author_error("with.duration", &error))?;
            let text = value.as_str().ok_or_else(|| refused(format!("`duration` is {value}; it must be text such as 90s")))?;
            let duration = duration::parse(text).map_err(refused)?;
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
        WaitFor::Event(_) => Some(now),
    };
    let latest = TimeDelta::try_seconds(i64::try_from(limits::WAIT_SECONDS).unwrap_or(i64::MAX));
    match (until, latest.and_then(|delta| now.checked_add_signed(delta))) {
        (Some(until), Some(latest)) if until <= latest => Ok(until.max(now)),
        _ => Err(refused("a wait may last 366 days at most")),
    }
}

fn refused(message: impl Into<String>) -> StepError {
    StepError::new(FailureClass::User, message)
}
