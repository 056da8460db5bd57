use std::sync::Arc;

use chrono::TimeDelta;
use tidemill_common::event::{Json, TriggerOrigin};
use tidemill_common::status::FailureClass;

use super::*;

const ALL: Sampling = Sampling { percent: 100 };

fn id() -> ExecutionId {
    ExecutionId("01890000-0000-7000-8000-000000000042".parse().unwrap())
}

fn workspace() -> WorkspaceId {
    WorkspaceId("01890000-0000-7000-8000-000000000001".parse().unwrap())
}

/// The events, each a second after the one before.
fn story(bodies: Vec<EventBody>) -> Vec<Event> {
    let event =
        |(seq, body)| Event { execution_id: id(), seq, at: id().admitted_at() + TimeDelta::seconds(i64::from(seq)), body };
    (1..).zip(bodies).map(event).collect()
}

fn started() -> EventBody {
    let trigger = TriggerOrigin { kind: "webhook".into(), id: None };
    let traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
    let origin = Origin {
        workflow_id: "w".into(),
        version: 3,
        trigger,
        input: Json::default(),
        retry_of: None,
        parent: None,
        traceparent,
    };
    EventBody::ExecutionStarted { origin: Some(origin) }
}

fn begins(step: &str, iteration: Option<u32>, attempt: u32) -> EventBody {
    EventBody::StepStarted { step: step.into(), iteration, attempt, input: None }
}

fn succeeds(step: &str, iteration: Option<u32>, attempt: u32) -> EventBody {
    EventBody::StepCompleted { step: step.into(), iteration, attempt, output: Json::default() }
}

fn fails(step: &str, attempt: u32, again: bool) -> EventBody {
    let error = StepError::new(FailureClass::Timeout, "too slow");
    let retry_at = again.then(|| id().admitted_at());
    EventBody::StepFailed { step: step.into(), iteration: None, attempt, error, retry_at }
}

fn ends(status: ExecutionStatus) -> EventBody {
    let error = (status == ExecutionStatus::Failed).then(|| StepError::new(FailureClass::Timeout, "too slow"));
    EventBody::ExecutionCompleted { status, output: None, error }
}

fn seconds(span: &Span) -> (i64, i64) {
    let since = |at: DateTime<Utc>| (at - id().admitted_at()).num_seconds();
    (since(span.start), since(span.end))
}

#[test]
fn one_span_for_each_step_and_attempts_below_where_there_were_more() {
    let bodies = vec![
        started(),
        begins("a", None, 1),
        succeeds("a", None, 1),
        begins("b", None, 1),
        fails("b", 1, true),
        begins("b", None, 2),
        fails("b", 2, false),
        ends(ExecutionStatus::Failed),
    ];
    let all = spans(workspace(), &story(bodies), ALL).unwrap();
    let names: Vec<_> = all.iter().map(|span| (span.name.as_str(), seconds(span))).collect();
    let expected = [("w", (0, 8)), ("a", (2, 3)), ("b", (4, 7)), ("b attempt 1", (4, 5)), ("b attempt 2", (6, 7))];
    assert_eq!(names, expected);
    let (root, a, b) = (&all[0], &all[1], &all[2]);
    assert_eq!((root.parent, root.kind), (Some(0x00f0_67aa_0ba9_02b7), Kind::Server));
    assert!(all.iter().all(|span| span.trace_id == root.trace_id));
    assert_eq!((a.parent, b.parent, all[3].parent), (Some(root.span_id), Some(root.span_id), Some(b.span_id)));
    assert_eq!(a.span_id, attempt_span(id(), "a", None, 1), "what attempt 1 called hangs below it");
    assert_eq!(all[4].span_id, attempt_span(id(), "b", None, 2));
    assert_eq!(
        (root.error.as_deref(), a.error.as_deref(), all[4].error.as_deref()),
        (Some("too slow"), None, Some("too slow"))
    );
}

#[test]
fn iterations_stand_below_their_step_and_what_is_open_ends_with_the_execution() {
    let wait = EventBody::StepWaiting { step: "each".into(), iteration: Some(1), until: None, awaits: None };
    let bodies = vec![
        started(),
        begins("each", None, 1),
        begins("each", Some(0), 1),
        succeeds("each", Some(0), 1),
        begins("each", Some(1), 1),
        wait,
        ends(ExecutionStatus::Cancelled),
    ];
    let all = spans(workspace(), &story(bodies), ALL).unwrap();
    let names: Vec<_> = all.iter().map(|span| (span.name.as_str(), seconds(span))).collect();
    assert_eq!(names, [("w", (0, 7)), ("each", (2, 7)), ("each[0]", (3, 4)), ("each[1]", (5, 7))]);
    assert_eq!((all[2].parent, all[3].parent), (Some(all[1].span_id), Some(all[1].span_id)));
    assert_eq!(all[3].marks[0].name, "step_waiting");
}

#[test]
fn what_has_not_ended_or_is_not_collected_has_none() {
    assert!(spans(workspace(), &story(vec![started(), begins("a", None, 1)]), ALL).is_none());
    assert!(spans(workspace(), &[], ALL).is_none());
    let trigger = TriggerOrigin { kind: "manual".into(), id: None };
    let origin = Origin {
        workflow_id: Arc::from("w"),
        version: 1,
        trigger,
        input: Json::default(),
        retry_of: None,
        parent: None,
        traceparent: None,
    };
    let events = story(vec![EventBody::ExecutionQueued(origin), ends(ExecutionStatus::Succeeded)]);
    assert!(spans(workspace(), &events, Sampling { percent: 0 }).is_none());
    assert!(spans(workspace(), &events, ALL).is_some());
}

#[test]
fn very_many_spans_are_cut_and_counted() {
    let mut bodies = vec![started(), begins("each", None, 1)];
    bodies.extend((0..3000).map(|number| begins("each", Some(number), 1)));
    bodies.push(ends(ExecutionStatus::Succeeded));
    let all = spans(workspace(), &story(bodies), ALL).unwrap();
    assert_eq!(all.len(), MOST);
    assert!(all[0].attributes.contains(&("tidemill.spans.left_out", Attribute::Number(1002))));
}
