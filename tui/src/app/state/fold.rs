//! Folds events into an execution, as the server does.

use std::sync::Arc;

use tidemill_common::api::execution::{ExecutionDetail, StepView};
use tidemill_common::event::{Event, EventBody, Json};
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::store;

/// Folds the event that follows the last one known; the caller has checked its `seq`.
pub fn fold(detail: &mut ExecutionDetail, event: &Event) {
    detail.execution.last_seq = event.seq;
    match &event.body {
        EventBody::ExecutionQueued(origin) => {
            detail.execution.status = ExecutionStatus::Queued;
            detail.input = (*origin.input).clone();
        }
        EventBody::ExecutionStarted { origin } => {
            detail.execution.status = ExecutionStatus::Running;
            if let Some(origin) = origin {
                detail.input = (*origin.input).clone();
            }
        }
        EventBody::ExecutionCompleted { status, output, error } => {
            store::finish(&mut detail.execution, event, *status, error.as_ref().map(|error| error.message.clone()));
            detail.output = output.as_ref().map(unshare);
            detail.failure.clone_from(error);
            detail.wake_at = None;
            for step in &mut detail.steps {
                settle(step, *status, event);
            }
        }
        EventBody::FailureCaught { .. } => {
            for step in detail.steps.iter_mut().filter(|step| step.status != StepStatus::Pending) {
                settle(step, ExecutionStatus::Failed, event);
            }
            rest_or_work(detail);
        }
        EventBody::FailureReported { .. } | EventBody::ExecutionCancelRequested { .. } => {}
        EventBody::ExecutionPaused { .. } => {
            detail.execution.status = ExecutionStatus::Paused;
            detail.wake_at = None;
        }
        EventBody::ExecutionResumed { .. } => {
            detail.execution.status = ExecutionStatus::Running;
            rest_or_work(detail);
        }
        body => {
            let found = detail.steps.iter_mut().find(|step| Some(step.id.as_str()) == body.step());
            if let Some(step) = found {
                fold_step(step, event);
            }
            rest_or_work(detail);
        }
    }
}

fn unshare(value: &Json) -> serde_json::Value {
    Arc::unwrap_or_clone(Arc::clone(value))
}

/// What the end of the execution means for a step that had not ended: it never will.
fn settle(step: &mut StepView, status: ExecutionStatus, event: &Event) {
    step.wake_at = None;
    step.awaits = None;
    if step.status.is_terminal() {
        return;
    }
    let begun = step.status != StepStatus::Pending;
    let stopped = begun || status == ExecutionStatus::Cancelled;
    step.status = if stopped { StepStatus::Cancelled } else { StepStatus::Skipped };
    step.finished_at = begun.then_some(event.at);
}

fn fold_step(step: &mut StepView, event: &Event) {
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
            step.started_at = step.started_at.or(Some(event.at));
            step.input = input.as_ref().map(unshare);
            step.log = None;
        }
        EventBody::StepLogged { log, .. } => step.log = Some(log.to_string()),
        EventBody::StepCompleted { attempt, output, .. } => {
            end(step, event, StepStatus::Succeeded);
            step.attempt = *attempt;
            step.output = Some(unshare(output));
            step.error = None;
        }
        EventBody::StepFailed { attempt, error, retry_at, .. } => {
            step.attempt = *attempt;
            step.started_at = step.started_at.or(Some(event.at));
            step.error = Some(error.clone());
            step.wake_at = *retry_at;
            match retry_at {
                Some(_) => step.status = StepStatus::Retrying,
                None => end(step, event, StepStatus::Failed),
            }
        }
        EventBody::StepSkipped { .. } => {
            step.status = StepStatus::Skipped;
            step.finished_at = Some(event.at);
        }
        EventBody::StepWaiting { until, .. } => {
            step.status = StepStatus::Waiting;
            step.attempt = step.attempt.max(1);
            step.started_at = step.started_at.or(Some(event.at));
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

fn end(step: &mut StepView, event: &Event, status: StepStatus) {
    step.status = status;
    step.started_at = step.started_at.or(Some(event.at));
    step.finished_at = Some(event.at);
}

/// An execution waits when no step is under way and at least one waits.
fn rest_or_work(detail: &mut ExecutionDetail) {
    if detail.execution.status == ExecutionStatus::Paused {
        return;
    }
    let is = |status| detail.steps.iter().any(|step| step.status == status);
    let waits = !is(StepStatus::Running) && (is(StepStatus::Waiting) || is(StepStatus::Retrying));
    detail.execution.status = if waits { ExecutionStatus::Waiting } else { ExecutionStatus::Running };
    detail.wake_at = detail.steps.iter().filter_map(|step| step.wake_at).min();
}
