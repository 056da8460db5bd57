//! Executions, workflows and events for tests: everything follows from a number.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::api::execution::{ExecutionDetail, ExecutionView, StepView};
use tidemill_common::api::trigger::TriggerView;
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::event::{Event, EventBody, Origin, StepError, TriggerOrigin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass, StepStatus};
use uuid::Uuid;

use super::store::Store;

/// The present: 2026-09-21 12:04:09 UTC.
pub fn now() -> DateTime<Utc> {
    "2026-09-21T12:04:09Z".parse().unwrap()
}

/// The id of execution `n`; greater is newer, one per 7 seconds, number 100 is admitted now.
pub fn id(n: i64) -> ExecutionId {
    let at = now() + TimeDelta::seconds((n - 100) * 7);
    let millis = u128::try_from(at.timestamp_millis()).unwrap();
    let tail = u128::try_from(n * 7_919_317 + 0x3a7f_0000).unwrap() & 0xffff_ffff;
    ExecutionId(Uuid::from_u128(millis << 80 | 0x7 << 76 | 0x8 << 60 | tail))
}

/// A row.
pub fn row(n: i64, workflow: &str, status: ExecutionStatus) -> ExecutionView {
    let created_at = id(n).admitted_at();
    let duration = 300 + n * 137;
    let ended = status.is_terminal();
    ExecutionView {
        id: id(n),
        workflow_id: workflow.into(),
        version: 14,
        status,
        trigger_type: "webhook".into(),
        trigger_id: Some("hook".into()),
        created_at,
        finished_at: ended.then(|| created_at + TimeDelta::milliseconds(duration)),
        duration_ms: ended.then_some(duration),
        last_seq: 5,
        error: (status == ExecutionStatus::Failed).then(|| "charge: 429 from api.stripe.com".into()),
        retry_of: None,
        parent_id: None,
    }
}

/// A row that is under way.
pub fn running(n: i64) -> ExecutionView {
    row(n, "nightly-etl", ExecutionStatus::Running)
}

/// A store with `count` rows of mixed workflows and states.
pub fn store(count: i64) -> Store {
    let mut store = Store::default();
    for n in 100 - count..100 {
        let workflow = ["invoice-sync", "crm-dedupe", "nightly-etl", "order-intake"][usize::try_from(n.rem_euclid(4)).unwrap()];
        let status = match n.rem_euclid(11) {
            0 | 7 => ExecutionStatus::Failed,
            3 if n > 90 => ExecutionStatus::Running,
            5 if n > 90 => ExecutionStatus::Waiting,
            1 if n > 95 => ExecutionStatus::Queued,
            9 => ExecutionStatus::Cancelled,
            _ => ExecutionStatus::Succeeded,
        };
        let mut row = row(n, workflow, status);
        if n % 4 == 1 && row.error.is_some() {
            row.error = Some("enrich: the step took longer than 30 s".into());
        }
        store.put(row);
    }
    store
}

/// A workflow.
pub fn workflow(id: &str, active: bool, cron: Option<&str>) -> WorkflowView {
    let trigger = TriggerView {
        id: if cron.is_some() { "nightly" } else { "hook" }.into(),
        kind: if cron.is_some() { "schedule" } else { "webhook" }.into(),
        path: cron.is_none().then(|| format!("/hooks/ops/{id}")),
        cron: cron.map(str::to_owned),
        timezone: cron.map(|_| "Europe/Berlin".into()),
        next_at: cron.map(|_| now() + TimeDelta::hours(9)),
        every: None,
        at: None,
        starts_at: None,
        ends_at: None,
        jitter: None,
        last_at: None,
    };
    WorkflowView {
        id: id.into(),
        name: id.replace('-', " "),
        version: 15,
        active_version: active.then_some(14),
        triggers: vec![trigger],
        created_at: now() - TimeDelta::days(40),
        updated_at: now() - TimeDelta::days(3),
    }
}

/// A step that has not begun.
pub fn step(id: &str, depends_on: &[&str]) -> StepView {
    StepView {
        id: id.into(),
        uses: "transform".into(),
        depends_on: depends_on.iter().map(|&dep| dep.into()).collect(),
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

/// An execution of five steps that has just been queued.
pub fn detail(n: i64) -> ExecutionDetail {
    let mut execution = row(n, "invoice-sync", ExecutionStatus::Queued);
    execution.last_seq = 0;
    let mut steps = vec![
        step("list", &[]),
        step("transform", &["list"]),
        step("notify", &["transform"]),
        step("charge", &["transform"]),
        step("receipt", &["charge", "notify"]),
    ];
    for (step, uses) in steps.iter_mut().zip(["http.request", "transform", "http.request", "http.request", "transform"]) {
        step.uses = uses.into();
    }
    ExecutionDetail { execution, input: Value::Null, output: None, failure: None, steps, wake_at: None, unreadable: Vec::new() }
}

/// The events of an execution whose step `charge` fails three times: everything that can happen to a step.
pub fn tape(n: i64) -> Vec<Event> {
    let shared = |value: Value| Arc::new(value);
    let origin = Origin {
        workflow_id: "invoice-sync".into(),
        version: 14,
        trigger: TriggerOrigin { kind: "webhook".into(), id: Some("hook".into()) },
        input: shared(json!({"method": "POST", "path": "orders/new", "body": {"customer": "ACME", "qty": 3, "price": 19.9}})),
        retry_of: None,
        parent: None,
        traceparent: None,
    };
    let mut error = StepError::new(FailureClass::Infrastructure, "429 Too Many Requests from api.stripe.com");
    (error.status, error.retry_after) = (Some(429), Some(60));
    let started = |step: &str, attempt, input: Option<Value>| EventBody::StepStarted {
        iteration: None,
        step: step.into(),
        attempt,
        input: input.map(shared),
    };
    let done = |step: &str, output: Value| EventBody::StepCompleted {
        iteration: None,
        step: step.into(),
        attempt: 1,
        output: shared(output),
    };
    let at = |millis: i64| id(n).admitted_at() + TimeDelta::milliseconds(millis);
    let failed = |attempt, retry: Option<i64>| EventBody::StepFailed {
        iteration: None,
        step: "charge".into(),
        attempt,
        error: error.clone(),
        retry_at: retry.map(at),
    };
    let request = json!({"method": "POST", "url": "https://api.stripe.com/v1/charges", "headers": {"Authorization": "***"}, "body": {"amount": 5970, "currency": "eur"}});
    let mut ended = error.clone();
    ended.step = Some("charge".into());
    let bodies = vec![
        (0, EventBody::ExecutionQueued(origin)),
        (40, EventBody::ExecutionStarted { origin: None }),
        (60, started("list", 1, Some(json!({"url": "https://api.example.com/invoices?open=true"})))),
        (
            1260,
            done(
                "list",
                json!({"status": 200, "body": {"invoices": [{"id": "in_81", "total": 59.7}, {"id": "in_82", "total": 12}]}}),
            ),
        ),
        (1270, done("transform", json!({"total": 71.7, "count": 2, "customer": "ACME", "note": "two open invoices"}))),
        (1280, started("notify", 1, None)),
        (1290, started("charge", 1, Some(request))),
        (2080, done("notify", json!({"ok": true}))),
        (8000, failed(1, Some(10_000))),
        (10_000, started("charge", 2, None)),
        (16_000, failed(2, Some(24_000))),
        (24_000, started("charge", 3, None)),
        (29_200, failed(3, None)),
        (29_210, EventBody::StepSkipped { step: "receipt".into(), reason: tidemill_common::event::SkipReason::Failure }),
        (29_220, EventBody::ExecutionCompleted { status: ExecutionStatus::Failed, output: None, error: Some(ended) }),
    ];
    let event = |(seq, (millis, body)): (i32, (i64, EventBody))| Event { execution_id: id(n), seq, at: at(millis), body };
    (1..).zip(bodies).map(event).collect()
}
