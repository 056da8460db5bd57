//! Steps with `for_each` and `while`: which iteration begins next, and what the step gives when all have ended.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::event::{Json, StepError};
use tidemill_common::limits::STEP_ITERATIONS;
use tidemill_common::status::{FailureClass, StepStatus};

use super::machine::Execution;
use super::start::author_error;
use super::step_state::{Iterations, Place};
use crate::domain::workflow::plan::{ForEach, OnError, Repeat, StepIndex, While};
use crate::domain::workflow::scope::{Scope, Turn};

/// How many iterations one decision begins. More are begun by the next one, so that a long list of quick iterations neither
/// holds a thread for long nor makes one huge append.
const AT_A_TIME: u32 = 200;

/// What follows for a step with iterations.
enum Next {
    /// This iteration begins.
    Begin(u32),
    /// This iteration begins after a pause.
    Pause(u32, DateTime<Utc>),
    /// Those that are under way end first.
    Wait,
    /// Every iteration has ended; what failed counts as it does for the step.
    Done(OnError),
    /// The step has failed.
    Fail(StepError),
}

impl Execution {
    /// The step begins: for `for_each` the list is fixed here and never evaluated again.
    pub(super) fn start_iterations(&mut self, step: StepIndex, repeat: &Repeat, now: DateTime<Utc>) {
        let items = match repeat {
            Repeat::ForEach(each) => {
                let kept = items(each, &self.state.scope).and_then(|items| self.keep("the list of `for_each`", items));
                kept.map(Some)
            }
            Repeat::While(_) => Ok(None),
        };
        let (input, error) = items.map_or_else(|error| (None, Some(error)), |items| (items, None));
        self.record_started(Place::whole(step), 1, input, now);
        match error {
            Some(error) => self.fail_for_good(Place::whole(step), 1, error, now),
            None => self.go_on_iterating(step, now),
        }
    }

    /// Begins as many iterations as may be under way, or ends the step.
    pub(super) fn go_on_iterating(&mut self, step: StepIndex, now: DateTime<Utc>) {
        let plan = self.plan();
        let Some(repeat) = &plan.steps[step].repeat else { return };
        loop {
            if self.state.end.is_some() || self.state.steps[step].status.is_terminal() {
                return;
            }
            if self.begun_now >= AT_A_TIME {
                return self.ready.push_front(step);
            }
            match self.next_iteration(step, repeat, now) {
                Next::Begin(number) => {
                    self.begun_now += 1;
                    self.start_attempt(Place { step, iteration: Some(number) }, 1, now);
                }
                Next::Pause(number, until) => {
                    self.record_waiting(Place { step, iteration: Some(number) }, Some(until), None, now);
                }
                Next::Wait => return,
                Next::Done(on_error) => return self.collect(step, on_error, now),
                Next::Fail(error) => return self.fail_for_good(Place::whole(step), 1, error, now),
            }
        }
    }

    /// Every iteration has ended: the step gives their outputs, or what became of each, in their order.
    fn collect(&mut self, step: StepIndex, on_error: OnError, now: DateTime<Utc>) {
        let results =
            self.state.steps[step].iterations.as_ref().map(|iterations| iterations.results.clone()).unwrap_or_default();
        let kept: Vec<_> = results.values().filter_map(|result| result.as_ref().ok().cloned()).collect();
        let outputs = match self.collected(&kept) {
            None => return self.ready.push_front(step),
            Some(Err(error)) => return self.fail_for_good(Place::whole(step), 1, error, now),
            Some(Ok(outputs)) => outputs,
        };
        let mut outputs = outputs.iter();
        let output = match on_error {
            OnError::Fail => outputs.map(|output| Value::clone(output)).collect(),
            OnError::Continue => {
                let shown = |result: &Result<Json, StepError>| match result {
                    Ok(kept) => outcome(Ok(outputs.next().unwrap_or(kept))),
                    Err(error) => outcome(Err(error)),
                };
                results.values().map(shown).collect()
            }
        };
        self.complete(Place::whole(step), 1, output, now);
    }

    /// Whether more is ready than one decision begins.
    pub(super) fn has_begun_enough(&self) -> bool {
        self.begun_now >= AT_A_TIME && !self.ready.is_empty()
    }

    fn next_iteration(&self, step: StepIndex, repeat: &Repeat, now: DateTime<Utc>) -> Next {
        let state = &self.state.steps[step];
        let Some(iterations) = &state.iterations else { return Next::Wait };
        if let Some(error) = first_failure(iterations).filter(|_| repeat.fails_at_once()) {
            return if iterations.open.is_empty() { Next::Fail(error) } else { Next::Wait };
        }
        match repeat {
            Repeat::ForEach(each) => {
                let items = state.input.as_ref().map(|items| self.state.open.shown(items));
                next_item(each, iterations, items.as_ref())
            }
            Repeat::While(turns) => self.next_turn(Place::whole(step), turns, iterations, now),
        }
    }

    fn next_turn(&self, place: Place, turns: &While, iterations: &Iterations, now: DateTime<Utc>) -> Next {
        if !iterations.open.is_empty() {
            return Next::Wait;
        }
        let number = iterations.begun;
        let scope = self.scope_of(Place { iteration: Some(number), ..place });
        match turns.condition.evaluate_bool(&scope) {
            Ok(false) => Next::Done(OnError::Fail),
            Ok(true) if number >= turns.max_iterations => {
                let message = format!(
                    "the condition of `while` still holds after {number} iterations; `max_iterations` sets how many there may be"
                );
                Next::Fail(StepError::new(FailureClass::User, message))
            }
            Ok(true) => match TimeDelta::from_std(turns.interval).ok().and_then(|pause| now.checked_add_signed(pause)) {
                Some(until) if until > now && number > 0 => Next::Pause(number, until),
                _ => Next::Begin(number),
            },
            Err(error) => Next::Fail(author_error("while.condition", &error)),
        }
    }

    /// What the expressions of a step, or of one iteration of it, see.
    pub(super) fn scope_of(&self, place: Place) -> Scope {
        let Some(index) = place.iteration else { return self.state.scope.clone() };
        let state = &self.state.steps[place.step];
        let is_while = matches!(self.state.plan().steps[place.step].repeat, Some(Repeat::While(_)));
        let before = || {
            let results = &state.iterations.as_ref()?.results;
            results.get(&index.checked_sub(1)?)?.as_ref().ok().map(|result| self.state.open.shown(result))
        };
        let item = || {
            let items = self.state.open.shown(state.input.as_ref()?);
            items.get(usize::try_from(index).ok()?).cloned().map(Arc::new)
        };
        let (item, last) = if is_while { (None, Some(before().unwrap_or_default())) } else { (item(), None) };
        self.state.scope.with_turn(Turn { index, item, last })
    }

    /// Whether the step fails as soon as nothing of it is under way any more.
    pub(super) fn gives_up(&self, step: StepIndex) -> bool {
        let failed = self.state.steps[step].iterations.as_ref().is_some_and(|iterations| iterations.failed.is_some());
        failed && self.state.plan().steps[step].repeat.as_ref().is_some_and(Repeat::fails_at_once)
    }
}

/// The list that `for_each` goes over.
fn items(each: &ForEach, scope: &Scope) -> Result<Value, StepError> {
    let value = each.items.render(scope).map_err(|error| author_error("for_each.items", &error))?;
    let Value::Array(items) = &value else {
        let message = "`for_each.items` gives no list; use `| items` for the pairs of an object";
        return Err(StepError::new(FailureClass::User, message));
    };
    if items.len() > STEP_ITERATIONS as usize {
        let message = format!("`for_each.items` gives {} items; a step may have {STEP_ITERATIONS}", items.len());
        return Err(StepError::new(FailureClass::User, message));
    }
    Ok(value)
}

fn next_item(each: &ForEach, iterations: &Iterations, items: Option<&Json>) -> Next {
    let total = items.and_then(|items| items.as_array()).map_or(0, Vec::len);
    let begun = iterations.begun as usize;
    if begun < total && iterations.open.len() < each.concurrency as usize {
        return Next::Begin(iterations.begun);
    }
    if begun < total || !iterations.open.is_empty() {
        return Next::Wait;
    }
    Next::Done(each.on_error)
}

/// What became of one iteration.
fn outcome(result: Result<&Json, &StepError>) -> Value {
    match result {
        Ok(output) => json!({"status": StepStatus::Succeeded, "output": output}),
        Err(error) => json!({"status": StepStatus::Failed, "error": error}),
    }
}

/// The error of the iteration that failed first, which says which one it was.
fn first_failure(iterations: &Iterations) -> Option<StepError> {
    let number = iterations.failed?;
    let Some(Err(error)) = iterations.results.get(&number) else { return None };
    Some(StepError { message: format!("iteration {number}: {}", error.message), ..error.clone() })
}
