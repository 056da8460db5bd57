//! What code steps print.

use std::collections::BTreeMap;

use super::*;
use crate::domain::known_secrets::KnownSecrets;

const CODE: &str = "uses: python, with: {code: \"output = 1\"}";

fn end_with_log(story: &mut Story, iteration: Option<u32>, result: Result<Value, StepError>, log: &str) {
    let place = Place { step: 0, iteration };
    story.decide(Input::StepEnded { place, attempt: 1, result, log: log.to_owned() });
}

/// The logs in the events, with the event that follows each.
fn logs(story: &Story) -> Vec<(String, Option<u32>, &'static str)> {
    let logged = story.events.windows(2).filter_map(|pair| match &pair[0].body {
        EventBody::StepLogged { log, iteration, .. } => Some((log.to_string(), *iteration, pair[1].body.type_name())),
        _ => None,
    });
    logged.collect()
}

#[test]
fn a_log_stands_before_the_end_of_its_attempt() {
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {CODE}}}"), &json!({}));
    end_with_log(&mut story, None, Ok(json!(1)), "hello\n");
    assert_eq!(logs(&story), [("hello\n".to_owned(), None, "step_completed")]);
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {CODE}}}"), &json!({}));
    end_with_log(&mut story, None, broken(FailureClass::CodeError), "so far\n");
    assert_eq!(logs(&story), [("so far\n".to_owned(), None, "step_failed")]);
    story.restore();
    assert_eq!(story.status(), ExecutionStatus::Failed, "the fold of a log changes nothing");
}

#[test]
fn iterations_have_their_own_and_silence_leaves_none() {
    let steps = format!("  - {{id: a, {CODE}, for_each: {{items: [1, 2], concurrency: 2}}}}");
    let (mut story, _) = Story::begin(&steps, &json!({}));
    end_with_log(&mut story, Some(1), Ok(json!(2)), "two");
    end_with_log(&mut story, Some(0), Ok(json!(1)), "");
    assert_eq!(logs(&story), [("two".to_owned(), Some(1), "step_completed")]);
    assert_eq!(story.status(), ExecutionStatus::Succeeded);
}

/// Code gets no secrets, but what it gets may have come from a step that had one.
#[test]
fn a_log_keeps_no_secret_of_the_execution() {
    let steps = "  - {id: a, uses: python, with: {code: \"output = 1\"}}
  - {id: b, uses: http.request, with: {url: \"https://example.com\", headers: {x: \"{{ secrets.shop }}\"}}}";
    let (mut story, _) = Story::begin(steps, &json!({}));
    story
        .execution
        .give_secrets(Ok(Arc::new(KnownSecrets::new([("shop".to_owned(), "canary-7".to_owned())].into(), BTreeMap::new()))));
    end_with_log(&mut story, None, Ok(json!(1)), "it is canary-7, really\n");
    assert_eq!(logs(&story)[0].0, "it is ***, really\n");
}

/// What is stopped before its end keeps what it printed until then.
#[test]
fn a_log_stands_before_what_stops_its_attempt() {
    let cancel = || Input::Cancel { reason: None, by: "ana".into() };
    let printed = |attempt| Input::Printed { place: Place { step: 0, iteration: None }, attempt, log: "so far\n".to_owned() };
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {CODE}}}"), &json!({}));
    assert!(story.execution.stops_attempts(&cancel(), story.now) && !story.execution.stops_attempts(&Input::Tick, story.now));
    story.decide(printed(2));
    assert_eq!(logs(&story), [], "there is no such attempt");
    story.decide(printed(1));
    story.decide(cancel());
    assert_eq!(logs(&story), [("so far\n".to_owned(), None, "execution_cancel_requested")]);
    story.decide(printed(1));
    assert_eq!((story.status(), logs(&story).len()), (ExecutionStatus::Cancelled, 1), "an end is an end");
    let (mut story, _) = Story::begin(&format!("  - {{id: a, {CODE}}}\ntimeout: 1h"), &json!({}));
    story.now += TimeDelta::hours(1);
    assert!(story.execution.stops_attempts(&Input::Tick, story.now), "the workflow's time is over");
    story.decide(printed(1));
    story.decide(Input::Tick);
    assert_eq!((story.status(), logs(&story)[0].0.as_str()), (ExecutionStatus::Failed, "so far\n"));
}
