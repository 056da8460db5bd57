//! The chain in every situation, the nearest cause first.

use chrono::TimeDelta;
use serde_json::json;
use tidemill_common::api::execution::ExecutionView;
use uuid::Uuid;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn facts(status: ExecutionStatus, steps: &[(&str, StepStatus)]) -> Facts {
    let execution = ExecutionView {
        id: ExecutionId(Uuid::nil()),
        workflow_id: "w".into(),
        version: 1,
        status,
        trigger_type: "manual".into(),
        trigger_id: None,
        created_at: now(),
        finished_at: None,
        duration_ms: None,
        last_seq: 3,
        error: None,
        retry_of: None,
        parent_id: None,
    };
    let step = |(id, status): &(&str, StepStatus)| StepView {
        id: (*id).into(),
        uses: "wait".into(),
        depends_on: Vec::new(),
        status: *status,
        attempt: 1,
        started_at: Some(now()),
        finished_at: None,
        wake_at: Some(now() + TimeDelta::minutes(1)),
        input: None,
        output: None,
        awaits: None,
        child_id: None,
        iterations: None,
        error: None,
        log: None,
    };
    let steps = steps.iter().map(step).collect();
    let detail = ExecutionDetail {
        execution,
        input: Value::Null,
        output: None,
        failure: None,
        steps,
        wake_at: None,
        unreadable: Vec::new(),
    };
    let place = PlaceRow {
        starts_at: None,
        available_at: now() + TimeDelta::minutes(1),
        takeovers: 0,
        cancel: None,
        pause: None,
        node: None,
        heartbeat_at: None,
        expires_at: None,
    };
    let nodes = NodesRow { alive: 1, draining: 0, free: 3, running: 2 };
    Facts { detail, paused: None, place: Some(place), nodes, line: None }
}

fn kinds(facts: &Facts) -> Vec<WhyKind> {
    chain(facts, now()).links.into_iter().map(|link| link.kind).collect()
}

#[test]
fn timers_are_named_with_their_time() {
    let facts = facts(
        ExecutionStatus::Waiting,
        &[("nap", StepStatus::Waiting), ("call", StepStatus::Retrying), ("b", StepStatus::Pending)],
    );
    assert_eq!(kinds(&facts), [WhyKind::StepWaiting, WhyKind::StepRetrying]);
    let view = chain(&facts, now());
    assert_eq!((view.links[0].until, view.links[1].step.as_deref()), (Some(now() + TimeDelta::minutes(1)), Some("call")));
    assert!(!view.moving);
}

#[test]
fn work_under_way_names_the_node() {
    let mut facts = facts(ExecutionStatus::Running, &[("call", StepStatus::Running)]);
    let place = facts.place.as_mut().unwrap();
    (place.node, place.expires_at) = (Some("east-1".into()), Some(now() + TimeDelta::seconds(9)));
    assert!(chain(&facts, now()).moving);
    assert_eq!(kinds(&facts), [WhyKind::StepRunning, WhyKind::Leased]);
    facts.place.as_mut().unwrap().expires_at = Some(now());
    assert_eq!(kinds(&facts), [WhyKind::StepRunning, WhyKind::NodeLost]);
    assert!(!chain(&facts, now()).moving);
}

#[test]
fn a_pause_comes_before_what_it_holds_up() {
    let mut facts = facts(ExecutionStatus::Paused, &[("nap", StepStatus::Waiting)]);
    facts.paused = Some((now(), "ana".into(), Some("maintenance".into())));
    facts.place.as_mut().unwrap().pause = Some(json!({"on": true, "by": "ana"}));
    assert_eq!(kinds(&facts), [WhyKind::Paused, WhyKind::StepWaiting]);
    assert!(chain(&facts, now()).links[0].text.contains("ana paused it: maintenance"));
    facts.place.as_mut().unwrap().pause = Some(json!({"on": false, "by": "ben"}));
    assert_eq!(kinds(&facts)[0], WhyKind::PauseRequested);
}

#[test]
fn what_is_due_says_why_nobody_takes_it_up() {
    let mut facts = facts(ExecutionStatus::Queued, &[("a", StepStatus::Pending)]);
    facts.place.as_mut().unwrap().available_at = now();
    for (nodes, kind) in
        [((1, 0, 3), WhyKind::Due), ((2, 0, 0), WhyKind::NoRoom), ((2, 2, 5), WhyKind::Draining), ((0, 0, 0), WhyKind::NoNode)]
    {
        (facts.nodes.alive, facts.nodes.draining, facts.nodes.free) = nodes;
        assert_eq!(kinds(&facts), [kind]);
    }
    facts.place.as_mut().unwrap().cancel = Some(json!({"by": "ana"}));
    assert_eq!(kinds(&facts), [WhyKind::CancelRequested, WhyKind::NoNode]);
}

#[test]
fn a_held_key_names_its_holder() {
    let mut facts = facts(ExecutionStatus::Queued, &[("a", StepStatus::Pending)]);
    facts.line = Some(LineRow { key: "acme".into(), before: 3, holder: Some(Uuid::nil()) });
    let view = chain(&facts, now());
    assert_eq!((view.links[0].kind, view.links[0].execution_id), (WhyKind::KeyHeld, Some(ExecutionId(Uuid::nil()))));
    assert!(view.links[0].text.ends_with("3 executions stand before it"), "{}", view.links[0].text);
}

#[test]
fn the_end_is_an_answer_too() {
    let mut facts = facts(ExecutionStatus::Failed, &[]);
    facts.place = None;
    facts.detail.execution.error = Some("a: no".into());
    let view = chain(&facts, now());
    assert_eq!((view.links.len(), view.links[0].text.as_str()), (1, "it has ended: failed: a: no"));
}
