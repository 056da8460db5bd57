//! Pause, retry and why from the list.

use tidemill_common::api::why::{WhyKind, WhyLink, WhyView};

use super::*;

/// The executions list with only those in `status`.
fn list(status: &str) -> (App, ExecutionId) {
    let mut app = App::new();
    app.keys("2/status:");
    app.keys(status);
    app.key(KeyCode::Enter);
    let id = app.state.screen().execution().unwrap();
    (app, id)
}

#[test]
fn one_key_pauses_and_lets_go_on() {
    let (mut app, id) = list("running");
    assert_eq!(app.keys("p"), [Effect::Pause { id, on: true }]);
    let mut view = app.state.store.get(id).unwrap().clone();
    (view.status, view.last_seq) = (ExecutionStatus::Paused, view.last_seq + 1);
    app.answer(Answer::Told(id, Ok(Box::new(view))));
    app.key(KeyCode::Esc);
    app.keys("/status:paused");
    app.key(KeyCode::Enter);
    assert_eq!(app.keys("p"), [Effect::Pause { id, on: false }]);
    let (mut app, _) = list("succeeded");
    assert_eq!(app.keys("p"), []);
    assert!(app.message().contains("has ended"), "{}", app.message());
}

#[test]
fn a_retry_asks_first_and_needs_a_failure() {
    let (mut app, id) = list("failed");
    app.keys("r");
    app.now += TimeDelta::milliseconds(300);
    assert_eq!(app.keys("y"), [Effect::Retry(id)]);
    let (mut app, _) = list("running");
    assert_eq!(app.keys("r"), []);
    assert!(app.message().contains("has not ended"), "{}", app.message());
}

#[test]
fn why_is_said_in_one_message() {
    let (mut app, id) = list("waiting");
    assert_eq!(app.keys("w"), [Effect::Why(id)]);
    let link = |text: &str| WhyLink::new(WhyKind::StepWaiting, text);
    let links = vec![link("step `a` waits for a time"), link("step `b` waits for a time")];
    let why = WhyView { execution_id: id, status: ExecutionStatus::Waiting, moving: false, links };
    app.answer(Answer::Why(id, Ok(why)));
    assert!(app.message().ends_with("step `a` waits for a time; step `b` waits for a time"), "{}", app.message());
}
