//! Pause, retry and why from the list.

use tidemill_common::api::control::RetryFrom;
use tidemill_common::api::why::{WhyKind, WhyLink, WhyView};
use tidemill_common::payload::PayloadRef;

use super::*;
use crate::app::event::Failure;
use crate::app::state::Batch;
use crate::app::state::overlay::Overlay;

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
    assert_eq!(app.keys("p"), [Effect::Send(vec![Order::Pause(id)])]);
    let mut view = app.state.store.get(id).unwrap().clone();
    (view.status, view.last_seq) = (ExecutionStatus::Paused, view.last_seq + 1);
    let (order, result) = (Box::new(Order::Pause(id)), Ok(Outcome::Execution(Box::new(view))));
    app.answer(Answer::Sent { order, result, left: 0 });
    assert_eq!(app.keys("u"), [Effect::Send(vec![Order::Resume(id)])], "what one key did, one key undoes");
    app.state.batch = Batch::default();
    app.key(KeyCode::Esc);
    app.keys("/status:paused");
    app.key(KeyCode::Enter);
    assert_eq!(app.keys("p"), [Effect::Send(vec![Order::Resume(id)])]);
    let (mut app, _) = list("succeeded");
    assert_eq!(app.keys("p"), []);
    assert!(app.message().contains("has ended"), "{}", app.message());
}

#[test]
fn a_retry_asks_first_and_needs_a_failure() {
    let (mut app, id) = list("failed");
    app.keys("r");
    app.now += TimeDelta::milliseconds(300);
    let effects = app.keys("y");
    assert!(
        matches!(effects.as_slice(), [Effect::Send(orders)] if matches!(orders[..], [Order::Retry(other, _)] if other == id))
    );
    let (mut app, _) = list("running");
    assert_eq!(app.keys("r"), []);
    assert!(app.message().contains("has not ended"), "{}", app.message());
}

#[test]
fn why_is_said_whole() {
    let (mut app, id) = list("waiting");
    assert_eq!(app.keys("w"), [Effect::Why(id)]);
    let link = |text: &str| WhyLink::new(WhyKind::StepWaiting, text);
    let links = vec![link("step `a` waits for a time"), link("step `b` waits for a time")];
    let why = WhyView { execution_id: id, status: ExecutionStatus::Waiting, moving: false, links };
    app.answer(Answer::Why(id, Ok(why)));
    let Some(Overlay::Note(note)) = &app.state.overlay else { unreachable!("{:?}", app.state.overlay) };
    let said: Vec<&str> = note.lines.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(said[1..], ["→ step `a` waits for a time", "→ step `b` waits for a time"]);
}

#[test]
fn several_are_marked_and_cancelled_after_their_number_was_typed() {
    let mut app = App::new();
    app.keys("2/status:running,waiting,queued");
    app.key(KeyCode::Enter);
    app.keys("*C");
    let count = app.state.screen().executions().len();
    assert!(count > 1);
    let typed = |app: &mut App, text: &str| {
        app.keys(text);
        app.key(KeyCode::Enter)
    };
    assert_eq!(typed(&mut app, "y"), [], "too soon to have been read");
    app.now += TimeDelta::milliseconds(300);
    assert_eq!(typed(&mut app, "y"), [], "yes is not enough");
    app.key(KeyCode::Backspace);
    let effects = typed(&mut app, &count.to_string());
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert_eq!(orders.len(), count);
    for (at, order) in orders.iter().enumerate() {
        let failure = Failure { code: "x".into(), message: "it has ended".into(), request_id: None };
        let result = if at == 0 { Err(failure) } else { Ok(Outcome::Done) };
        app.answer(Answer::Sent { order: Box::new(order.clone()), result, left: count - at - 1 });
    }
    assert_eq!(app.message(), format!("{} of {count} cancelled, 1 refused: it has ended", count - 1));
    assert_eq!(app.state.screen().marked(), 0);
}

#[test]
fn a_protected_context_asks_for_its_name() {
    let (mut app, id) = list("running");
    app.state.place.protected = Some("prod".into());
    assert_eq!(app.keys("p"), [], "even what can be undone");
    app.now += TimeDelta::milliseconds(300);
    app.keys("prod");
    assert_eq!(app.key(KeyCode::Enter), [Effect::Send(vec![Order::Pause(id)])]);
}

#[test]
fn a_retry_sends_an_input_only_when_it_was_edited() {
    let mut app = App::new();
    app.keys("2");
    app.key(KeyCode::Enter);
    let id = testing::id(99);
    app.answer(Answer::Execution(id, Ok(Box::new(whole(99).detail.unwrap()))));
    app.keys("R");
    app.key(KeyCode::Tab);
    let effects = app.key(KeyCode::Enter);
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert!(matches!(&orders[..], [Order::Retry(_, retry)] if retry.input.is_none()), "{orders:?}");
    app.keys("R");
    app.key(KeyCode::Right);
    app.key(KeyCode::Tab);
    app.event(Event::Edited(crate::app::effect::Purpose::Field, Ok(Some("{\n \"customer\": \"B\"}".into()))));
    let effects = app.key(KeyCode::Enter);
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    let Order::Retry(_, retry) = &orders[0] else { unreachable!("{orders:?}") };
    assert_eq!((retry.from, retry.input.clone()), (RetryFrom::Start, Some(json!({"customer": "B"}))));
}

#[test]
fn a_large_value_is_read_whole_when_it_is_asked_for() {
    let mut app = App::new();
    app.keys("2");
    app.key(KeyCode::Enter);
    let (id, sha256) = (testing::id(99), "ab12".to_owned());
    let reference = PayloadRef { sha256: sha256.clone(), bytes: 4_100_000, preview: "{\"body\":".into() };
    let mut detail = whole(99).detail.unwrap();
    detail.input = reference.to_value();
    app.answer(Answer::Execution(id, Ok(Box::new(detail))));
    app.keys("gg1");
    assert_eq!(app.keys("L"), [Effect::LoadPayload { id, sha256: sha256.clone() }]);
    let gone = Failure { code: "not_found".into(), message: "it is no longer kept".into(), request_id: None };
    app.answer(Answer::Payload { id, sha256: sha256.clone(), result: Err(gone) });
    assert!(app.message().contains("no longer kept"), "{}", app.message());
    let open = |app: &App| match app.state.screen() {
        Screen::Execution(open) => (open.unread().is_some(), open.input().cloned()),
        other => unreachable!("{other:?}"),
    };
    assert_eq!(open(&app), (true, None), "what is not here can't be edited");
    let value = json!({"body": {"customer": "A-77"}});
    app.answer(Answer::Payload { id, sha256, result: Ok(value.clone()) });
    assert_eq!(open(&app), (false, Some(value)));
    assert_eq!(app.keys("L"), []);
}
