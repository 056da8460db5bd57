//! Paused executions: what is under way ends, nothing begins, no timer fires.

use chrono::TimeDelta;
use serde_json::json;
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::super::Input;
use super::{HTTP, Story, runs};

const TWO_CALLS: &str = "  - {id: a, uses: http.request, with: {url: \"https://example.com\"}}\n  - {id: b, uses: http.request, with: {url: \"https://example.com\"}}";

fn pause() -> Input {
    Input::Pause { reason: Some("maintenance".into()), by: "ana".into() }
}

fn unpause() -> Input {
    Input::Unpause { reason: None, by: "ana".into() }
}

#[test]
fn what_is_under_way_ends_and_nothing_begins_until_it_is_resumed() {
    let (mut story, actions) = Story::begin(TWO_CALLS, &json!({}));
    assert_eq!(runs(&actions), [(0, 1)]);
    assert!(story.decide(pause()).is_empty() && story.decide(pause()).is_empty());
    assert_eq!(story.status(), ExecutionStatus::Paused);
    assert!(story.end_step("a", 1, Ok(json!({}))).is_empty());
    assert_eq!((story.step("a").status, story.step("b").status), (StepStatus::Succeeded, StepStatus::Pending));
    assert_eq!(runs(&story.decide(unpause())), [(1, 1)]);
    assert!(story.decide(unpause()).is_empty());
    assert_eq!(
        story.types(),
        ["execution_started", "step_started", "execution_paused", "step_completed", "execution_resumed", "step_started"]
    );
}

#[test]
fn an_attempt_that_outlasts_the_pause_is_not_repeated() {
    let (mut story, _) = Story::begin(TWO_CALLS, &json!({}));
    story.decide(pause());
    assert!(story.decide(unpause()).is_empty(), "the attempt is under way already");
    assert_eq!(runs(&story.end_step("a", 1, Ok(json!({})))), [(1, 1)]);
}

#[test]
fn another_node_repeats_a_lost_attempt_only_when_it_is_resumed() {
    let (mut story, _) = Story::begin(TWO_CALLS, &json!({}));
    story.decide(pause());
    assert!(story.crash().is_empty());
    assert_eq!(story.status(), ExecutionStatus::Paused);
    assert!(story.decide(unpause()).is_empty());
    assert_eq!(runs(&story.decide(Input::Resume)), [(0, 1)]);
    assert!(story.decide(Input::Resume).is_empty());
}

#[test]
fn timers_wait_for_the_end_of_the_pause() {
    let (mut story, _) = Story::begin("  - {id: nap, uses: wait, with: {duration: 1m}}", &json!({}));
    story.decide(pause());
    assert_eq!(story.execution.state().wake_at(), None);
    assert!(story.advance(TimeDelta::minutes(5)).is_empty());
    assert_eq!(story.step("nap").status, StepStatus::Waiting);
    story.decide(unpause());
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

#[test]
fn the_last_step_ends_the_execution_only_after_the_pause_and_cancel_at_once() {
    let step = format!("  - {{id: a, {HTTP}}}");
    let (mut story, _) = Story::begin(&step, &json!({}));
    story.decide(pause());
    story.end_step("a", 1, Ok(json!({})));
    assert_eq!(story.status(), ExecutionStatus::Paused);
    story.decide(unpause());
    assert_eq!(story.status(), ExecutionStatus::Succeeded);

    let (mut story, _) = Story::begin(&step, &json!({}));
    story.decide(pause());
    story.decide(Input::Cancel { reason: None, by: "ana".into() });
    assert_eq!(story.status(), ExecutionStatus::Cancelled);
    assert!(story.decide(pause()).is_empty() && story.execution.state().end.is_some());
}

#[test]
fn one_that_was_paused_before_it_began_begins_when_it_is_resumed() {
    let (mut story, _) = Story::begin("  - {id: a, uses: transform, with: {x: 1}}", &json!({}));
    story.events.truncate(1);
    let origin = match &story.events[0].body {
        tidemill_common::event::EventBody::ExecutionStarted { origin: Some(origin) } => origin.clone(),
        other => panic!("{other:?}"),
    };
    story.events[0].body = tidemill_common::event::EventBody::ExecutionQueued(origin);
    story.restore();
    story.decide(pause());
    assert!(story.decide(Input::Resume).is_empty());
    story.decide(unpause());
    story.decide(Input::Resume);
    assert_eq!(
        story.types(),
        [
            "execution_queued",
            "execution_paused",
            "execution_resumed",
            "execution_started",
            "step_started",
            "step_completed",
            "execution_completed"
        ]
    );
}

#[test]
fn a_failure_in_a_pause_is_caught_once_by_whoever_resumes_it() {
    let steps = format!("  - {{id: a, {HTTP}}}\ncatch:\n  - {{id: c, {HTTP}}}");
    let (mut story, _) = Story::begin(&steps, &json!({}));
    story.decide(pause());
    assert!(story.end_step("a", 1, super::broken(tidemill_common::status::FailureClass::User)).is_empty());
    story.restore();
    assert_eq!(runs(&story.decide(unpause())), [(1, 1)]);
    assert!(story.decide(Input::Resume).is_empty(), "the step of `catch` is under way already");
}
