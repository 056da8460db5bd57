use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;
use tidemill_common::event::{SkipReason, StepError, TriggerOrigin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::FailureClass;

use super::*;
use crate::store::rows::execution::Execution;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn fold(bodies: Vec<EventBody>) -> ExecutionDetail {
    let id = ExecutionId::new(at(0));
    let events: Vec<Event> = (0_i32..)
        .zip(bodies)
        .map(|(place, body)| Event { execution_id: id, seq: place + 1, at: at(place.into()), body })
        .collect();
    let row = Execution {
        workspace_id: uuid::Uuid::nil(),
        id: id.0,
        workflow_uid: uuid::Uuid::nil(),
        workflow_id: "w".to_owned(),
        version: 1,
        status: "running".to_owned(),
        trigger_type: "manual".to_owned(),
        trigger_id: None,
        last_seq: 1,
        finished_at: Some(at(0) + TimeDelta::milliseconds(1500)),
        error: None,
        retry_of: None,
        parent_id: None,
    };
    let outline = |id: &str| StepOutline { id: id.to_owned(), uses: "transform".to_owned(), depends_on: Vec::new() };
    detail(row.view(), vec![outline("a"), outline("b")], Readable { events, unreadable: Vec::new() })
}

fn started() -> EventBody {
    let origin = Origin {
        workflow_id: "w".into(),
        version: 1,
        trigger: TriggerOrigin { kind: "manual".into(), id: None },
        input: Arc::new(json!({"body": 1})),
        retry_of: None,
        parent: None,
        traceparent: None,
    };
    EventBody::ExecutionStarted { origin: Some(origin) }
}

fn failed(attempt: u32, retry_at: Option<DateTime<Utc>>) -> EventBody {
    EventBody::StepFailed {
        iteration: None,
        step: "a".into(),
        attempt,
        error: StepError::new(FailureClass::Timeout, "too slow"),
        retry_at,
    }
}

#[test]
fn a_step_that_completes_without_a_start_began_when_it_ended() {
    let detail = fold(vec![
        started(),
        EventBody::StepCompleted { iteration: None, step: "a".into(), attempt: 1, output: Arc::new(json!(2)) },
    ]);
    assert_eq!(detail.input, json!({"body": 1}));
    assert_eq!(detail.execution.duration_ms, Some(1500));
    let step = &detail.steps[0];
    assert_eq!((step.status, step.started_at, step.finished_at), (StepStatus::Succeeded, Some(at(1)), Some(at(1))));
    assert_eq!((step.attempt, &step.output), (1, &Some(json!(2))));
    assert_eq!(detail.steps[1].status, StepStatus::Pending);
}

#[test]
fn a_retry_says_when_and_a_success_forgets_the_error() {
    let detail = fold(vec![started(), failed(1, Some(at(60)))]);
    assert_eq!((detail.steps[0].status, detail.wake_at), (StepStatus::Retrying, Some(at(60))));
    assert!(detail.steps[0].error.is_some());
    let done = EventBody::StepCompleted { iteration: None, step: "a".into(), attempt: 2, output: Arc::new(json!(null)) };
    let detail = fold(vec![started(), failed(1, Some(at(60))), done]);
    assert_eq!((detail.steps[0].attempt, &detail.steps[0].error, detail.wake_at), (2, &None, None));
}

#[test]
fn the_end_settles_what_had_not_ended() {
    let wait = EventBody::StepWaiting { iteration: None, step: "a".into(), until: Some(at(90)), awaits: None };
    let end = EventBody::ExecutionCompleted { status: ExecutionStatus::Cancelled, output: None, error: None };
    let detail = fold(vec![started(), wait.clone(), end]);
    assert_eq!(detail.steps.iter().map(|step| step.status).collect::<Vec<_>>(), [StepStatus::Cancelled; 2]);
    assert_eq!(detail.wake_at, None);
    assert_eq!(fold(vec![started(), wait]).wake_at, Some(at(90)));
}

#[test]
fn a_failure_is_told_once_and_whole() {
    let error = StepError::new(FailureClass::User, "no");
    let end = EventBody::ExecutionCompleted { status: ExecutionStatus::Failed, output: None, error: Some(error.clone()) };
    let skipped = EventBody::StepSkipped { step: "b".into(), reason: SkipReason::Failure };
    let detail = fold(vec![started(), failed(1, None), skipped, end]);
    assert_eq!(detail.failure, Some(error));
    assert_eq!(detail.steps.iter().map(|step| step.status).collect::<Vec<_>>(), [StepStatus::Failed, StepStatus::Skipped]);
}

#[test]
fn iterations_are_counted_and_leave_the_step_as_it_is() {
    let whole = |input| EventBody::StepStarted { step: "a".into(), iteration: None, attempt: 1, input };
    let started = |number| EventBody::StepStarted { step: "a".into(), iteration: Some(number), attempt: 1, input: None };
    let done = |number| EventBody::StepCompleted {
        step: "a".into(),
        iteration: Some(number),
        attempt: 1,
        output: Arc::new(json!(number)),
    };
    let failed = EventBody::StepFailed {
        step: "a".into(),
        iteration: Some(1),
        attempt: 1,
        error: StepError::new(FailureClass::User, "no"),
        retry_at: None,
    };
    let events =
        vec![self::started(), whole(Some(Arc::new(json!([1, 2, 3])))), started(0), done(0), started(1), failed, started(2)];
    let step = fold(events).steps.remove(0);
    assert_eq!((step.status, step.input, step.output), (StepStatus::Running, Some(json!([1, 2, 3])), None));
    let iterations = step.iterations.unwrap();
    assert_eq!((iterations.succeeded, iterations.failed), (1, 1));
}
