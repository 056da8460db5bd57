//! What the API shows of an execution: its row, and the fold of its events over the steps of its version.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::api::execution::{ExecutionDetail, ExecutionView, StepView};
use tidemill_common::api::workflow::StepOutline;
use tidemill_common::event::{Event, EventBody, Origin};
use tidemill_common::status::{ExecutionStatus, StepStatus};

use crate::store::rows::event::Event as EventRow;

/// An execution whole: `steps` in the file's order, with what `events` say about them.
pub fn detail(execution: ExecutionView, steps: Vec<StepOutline>, Readable { events, unreadable }: Readable) -> ExecutionDetail {
    let mut steps: Vec<StepView> = steps.into_iter().map(pending).collect();
    let places: HashMap<String, usize> = steps.iter().enumerate().map(|(place, step)| (step.id.clone(), place)).collect();
    let (mut input, mut output, mut failure) = (Value::Null, None, None);
    for event in &events {
        if let Some(place) = event.body.step().and_then(|id| places.get(id)) {
            advance(&mut steps[*place], event);
        }
        if let Some(origin) = origin(&event.body) {
            input = (*origin.input).clone();
        }
        if let EventBody::FailureCaught { .. } = &event.body {
            let begun = steps.iter_mut().filter(|step| step.status != StepStatus::Pending);
            begun.for_each(|step| settle(step, ExecutionStatus::Failed, event.at));
        }
        if let EventBody::ExecutionCompleted { status, output: result, error } = &event.body {
            output = result.as_deref().cloned();
            failure.clone_from(error);
            for step in &mut steps {
                settle(step, *status, event.at);
            }
        }
    }
    let paused = execution.status == ExecutionStatus::Paused;
    let wake_at = steps.iter().filter_map(|step| step.wake_at).min().filter(|_| !paused);
    ExecutionDetail { execution, input, output, failure, steps, wake_at, unreadable }
}

/// The events of an execution, as far as they can be read.
pub struct Readable {
    /// Those that can.
    pub events: Vec<Event>,
    /// What is wrong with the others.
    pub unreadable: Vec<String>,
}

impl Readable {
    /// Reads rows.
    pub fn of(rows: Vec<EventRow>) -> Self {
        let (mut events, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match Event::try_from(row) {
                Ok(event) => events.push(event),
                Err(error) => unreadable.push(error.to_string()),
            }
        }
        Self { events, unreadable }
    }
}

/// Where the execution comes from, if this event says so.
pub(super) fn origin(body: &EventBody) -> Option<&Origin> {
    match body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => Some(origin),
        _ => None,
    }
}

fn pending(step: StepOutline) -> StepView {
    StepView {
        id: step.id,
        uses: step.uses,
        depends_on: step.depends_on,
        status: StepStatus::Pending,
        attempt: 0,
        started_at: None,
        finished_at: None,
        wake_at: None,
        input: None,
        output: None,
        error: None,
        awaits: None,
        child_id: None,
        log: None,
        iterations: None,
    }
}

/// What one event changes about its step.
fn advance(step: &mut StepView, event: &Event) {
    if matches!(event.body, EventBody::StepDecided { .. }) {
        return;
    }
    step.awaits = None;
    if let EventBody::StepWaiting { awaits: Some(awaited), .. } = &event.body {
        step.awaits = Some((**awaited).clone());
        step.child_id = awaited.execution_id.or(step.child_id);
    }
    if event.body.iteration().is_some() {
        return count(step, &event.body);
    }
    step.wake_at = None;
    match &event.body {
        EventBody::StepStarted { attempt, input, .. } => {
            step.status = StepStatus::Running;
            step.attempt = *attempt;
            step.started_at.get_or_insert(event.at);
            step.input = input.as_deref().cloned();
            step.log = None;
        }
        EventBody::StepLogged { log, .. } => step.log = Some(log.to_string()),
        EventBody::StepCompleted { attempt, output, .. } => {
            end(step, StepStatus::Succeeded, event.at);
            step.attempt = *attempt;
            step.output = Some((**output).clone());
            step.error = None;
        }
        EventBody::StepFailed { attempt, error, retry_at, .. } => {
            step.attempt = *attempt;
            step.started_at.get_or_insert(event.at);
            step.error = Some(error.clone());
            step.wake_at = *retry_at;
            match retry_at {
                Some(_) => step.status = StepStatus::Retrying,
                None => end(step, StepStatus::Failed, event.at),
            }
        }
        EventBody::StepSkipped { .. } => {
            step.status = StepStatus::Skipped;
            step.finished_at = Some(event.at);
        }
        EventBody::StepWaiting { until, .. } => {
            step.status = StepStatus::Waiting;
            step.attempt = step.attempt.max(1);
            step.started_at.get_or_insert(event.at);
            step.wake_at = *until;
        }
        _ => {}
    }
}

/// What the event of an iteration changes about its step: how many have ended, and what the newest one does.
fn count(step: &mut StepView, body: &EventBody) {
    let iterations = step.iterations.get_or_insert_default();
    let (status, wake_at) = match body {
        EventBody::StepWaiting { until, .. } => (StepStatus::Waiting, *until),
        EventBody::StepFailed { retry_at: Some(at), .. } => (StepStatus::Retrying, Some(*at)),
        _ => (StepStatus::Running, None),
    };
    match body {
        EventBody::StepCompleted { .. } => iterations.succeeded += 1,
        EventBody::StepFailed { retry_at: None, .. } => iterations.failed += 1,
        _ => {}
    }
    step.status = status;
    step.wake_at = wake_at;
}

fn end(step: &mut StepView, status: StepStatus, at: DateTime<Utc>) {
    step.status = status;
    step.started_at.get_or_insert(at);
    step.finished_at = Some(at);
}

/// What the end of the execution means for a step that had not ended: it never will.
fn settle(step: &mut StepView, status: ExecutionStatus, at: DateTime<Utc>) {
    step.wake_at = None;
    step.awaits = None;
    if step.status.is_terminal() {
        return;
    }
    let begun = step.status != StepStatus::Pending;
    step.status = if begun || status == ExecutionStatus::Cancelled { StepStatus::Cancelled } else { StepStatus::Skipped };
    step.finished_at = begun.then_some(at);
}

#[cfg(test)]
mod tests;
