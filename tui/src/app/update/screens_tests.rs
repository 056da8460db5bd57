//! Screens that are read by request: dead letters, secrets, tokens, workflows, code.

use tidemill_common::api::code::{CodeExecuted, CodeStatus};
use tidemill_common::api::dead_letter::{DeadLetterDiscard, DeadLetterReplay};
use tidemill_common::api::workflow::{Diagnostic, ValidationView};

use super::*;
use crate::app::data::{Data, Query};
use crate::app::effect::Purpose;
use crate::app::order::Once;
use crate::app::state::overlay::Overlay;
use crate::app::state::samples;
use crate::app::state::workflow::Tab as WorkflowTab;

/// The screen of `digit`, with what the server gives it.
fn open(digit: &str) -> App {
    let mut app = App::new();
    app.keys(digit);
    for (_, query, data) in samples::answers() {
        app.answer(Answer::Data(query, Ok(data)));
    }
    app
}

fn enter(app: &mut App) -> Vec<Effect> {
    app.key(KeyCode::Enter)
}

fn later(app: &mut App) {
    app.now += TimeDelta::milliseconds(300);
}

#[test]
fn a_cause_is_replayed_with_a_canary_after_its_number_was_typed() {
    let mut app = open("4");
    app.keys("r");
    later(&mut app);
    for _ in 0..3 {
        assert_eq!(enter(&mut app), []);
    }
    app.keys("13");
    let replay = DeadLetterReplay {
        fingerprint: Some("3f9c2b7a11d0e845".into()),
        canary: 1,
        rate: Some(10),
        from: tidemill_common::api::control::RetryFrom::Failed,
        ids: Vec::new(),
        patch: None,
    };
    assert_eq!(enter(&mut app), [Effect::Send(vec![Order::Replay(replay.clone())])]);
    let effects = app.answer(Answer::Sent { order: Box::new(Order::Replay(replay)), result: Ok(Outcome::Count(13)), left: 0 });
    assert_eq!((effects, app.message()), (vec![Effect::Read(Query::Causes)], "13 dead letters replayed".into()));
}

#[test]
fn a_cause_that_has_grown_meanwhile_is_not_replayed() {
    let mut app = open("4");
    app.keys("r");
    later(&mut app);
    let mut causes = samples::causes();
    causes.items[0].count = 14;
    app.answer(Answer::Data(Query::Causes, Ok(Data::Causes(causes))));
    for _ in 0..3 {
        enter(&mut app);
    }
    app.keys("13");
    assert_eq!(enter(&mut app), []);
    assert!(app.message().contains("now there are 14"), "{}", app.message());
}

#[test]
fn dead_letters_are_discarded_with_a_reason_and_only_those_that_are_marked() {
    let mut app = open("4");
    assert_eq!(enter(&mut app), [Effect::Read(Query::DeadLetters("3f9c2b7a11d0e845".into()))]);
    app.answer(Answer::Data(Query::DeadLetters("3f9c2b7a11d0e845".into()), Ok(Data::DeadLetters(samples::letters()))));
    app.keys("  D");
    later(&mut app);
    enter(&mut app);
    app.keys("2");
    assert_eq!(enter(&mut app), [], "a reason is needed");
    app.keys("paid by hand");
    enter(&mut app);
    let ids = vec![testing::id(99), testing::id(98)];
    let discard = DeadLetterDiscard { ids, fingerprint: None, reason: "paid by hand".into() };
    assert_eq!(enter(&mut app), [Effect::Send(vec![Order::Discard(discard)])]);
}

#[test]
fn an_approval_takes_the_answer_of_its_form() {
    let mut app = open("a");
    app.keys("A");
    app.keys("x");
    enter(&mut app);
    assert_eq!(enter(&mut app), [], "not a number");
    app.key(KeyCode::Backspace);
    app.keys("60");
    enter(&mut app);
    app.keys("fine");
    let effects = enter(&mut app);
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    let Order::Approve { id, yes: true, decision } = &orders[0] else { unreachable!("{orders:?}") };
    assert_eq!(
        (*id, decision.answer.clone(), decision.comment.as_deref()),
        (testing::id(90), Some(json!({"amount": 60})), Some("fine"))
    );
    app.keys("X");
    let effects = enter(&mut app);
    assert!(matches!(&effects[..], [Effect::Send(orders)] if matches!(orders[0], Order::Approve { yes: false, .. })));
}

#[test]
fn a_schedule_is_explained() {
    use tidemill_common::api::schedule::{ScheduleExplanation, ScheduleFiring};
    let mut app = open("5");
    let effects = app.keys("w");
    let [Effect::Read(query)] = effects.as_slice() else { unreachable!("{effects:?}") };
    let Query::Explanation { trigger, wanted } = query else { unreachable!("{query:?}") };
    assert_eq!((trigger.as_str(), wanted.cron.as_deref()), ("crm-dedupe/nightly", Some("*/10 * * * *")));
    let next = vec![ScheduleFiring { at: app.now, local: "2026-09-21T14:10:00+02:00".into() }];
    app.answer(Answer::Data(query.clone(), Ok(Data::Explanation(ScheduleExplanation { next, changes: vec![] }))));
    assert!(matches!(&app.state.overlay, Some(Overlay::Note(note)) if note.lines[1].1.contains("14:10")));
    app.key(KeyCode::Esc);
    app.keys("j");
    assert_eq!(app.keys("w"), [], "a webhook has no schedule");
}

#[test]
fn a_secret_goes_in_and_is_nowhere_else() {
    let mut app = open("9");
    app.keys("nshop_key");
    enter(&mut app);
    app.keys("s3cret value");
    assert!(!format!("{:?}", app.state.toasts).contains("s3cret"));
    let effects = enter(&mut app);
    assert!(!format!("{effects:?}").contains("s3cret"), "{effects:?}");
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert!(matches!(&orders[..], [Order::SecretPut(name, put)] if name == "shop_key" && put.value == "s3cret value"));
    app.keys("D");
    later(&mut app);
    assert_eq!(app.keys("shop\r").len(), 0);
    assert_eq!(enter(&mut app), [Effect::Send(vec![Order::SecretDelete("shop".into())])]);
}

#[test]
fn the_secret_of_a_token_is_shown_once_and_kept_in_no_message() {
    let mut app = open("0");
    app.keys("ndeploys");
    for _ in 0..2 {
        enter(&mut app);
    }
    app.keys("x");
    for _ in 0..3 {
        assert_eq!(enter(&mut app), [], "no number of days");
    }
    app.key(KeyCode::Backspace);
    app.keys("30");
    enter(&mut app);
    enter(&mut app);
    let effects = enter(&mut app);
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    let once = Once { title: "the token".into(), secret: "tm_once".into() };
    let (order, result) = (Box::new(orders[0].clone()), Ok(Outcome::Once(once)));
    app.answer(Answer::Sent { order, result, left: 0 });
    assert_eq!(app.keys("y"), [Effect::Copy { what: "text", text: "tm_once".into() }]);
    app.key(KeyCode::Esc);
    assert!(!format!("{:?}", app.state).contains("tm_once"));
}

#[test]
fn a_workflow_is_edited_checked_and_applied() {
    let mut app = App::new();
    app.keys("3");
    assert_eq!(enter(&mut app), [Effect::Read(Query::Workflow("a".into())), Effect::Read(Query::Versions("a".into()))]);
    assert_eq!(app.keys("e"), [], "it has not been read yet");
    let mut detail = samples::detail();
    detail.workflow.id = "a".into();
    app.answer(Answer::Data(Query::Workflow("a".into()), Ok(Data::Workflow(Box::new(detail.clone())))));
    let purpose = Purpose::Workflow { id: "a".into(), base: Some(15) };
    assert_eq!(app.keys("e"), [Effect::Edit { purpose: purpose.clone(), text: detail.source }]);
    let query = |source: &str| Query::Validation { workflow: "a".into(), source: source.into() };
    assert_eq!(app.event(Event::Edited(purpose.clone(), Ok(Some("bad".into())))), [Effect::Read(query("bad"))]);
    let error =
        Diagnostic { line: 1, column: 1, path: String::new(), code: "x".into(), message: "no steps".into(), suggestion: None };
    let view = |errors: Vec<Diagnostic>| {
        Data::Validation(ValidationView { valid: errors.is_empty(), errors, warnings: vec![], steps: vec![] })
    };
    app.answer(Answer::Data(query("bad"), Ok(view(vec![error]))));
    assert!(app.message().starts_with("not applied: 1 error"), "{}", app.message());
    assert_eq!(app.keys("e"), [Effect::Edit { purpose: purpose.clone(), text: "bad".into() }], "the draft is kept");
    app.event(Event::Edited(purpose, Ok(Some("good".into()))));
    app.answer(Answer::Data(query("bad"), Ok(view(vec![]))));
    assert!(app.state.overlay.is_none(), "an answer about an older draft asks nothing");
    app.answer(Answer::Data(query("good"), Ok(view(vec![]))));
    later(&mut app);
    let order = Order::Apply { workflow: "a".into(), source: "good".into(), base: Some(15) };
    assert_eq!(app.keys("y"), [Effect::Send(vec![order])]);
}

#[test]
fn a_new_workflow_begins_in_the_editor() {
    let mut app = App::new();
    app.keys("3nBad id");
    assert_eq!(enter(&mut app), []);
    for _ in 0..6 {
        app.key(KeyCode::Backspace);
    }
    app.keys("fresh");
    let effects = enter(&mut app);
    let [Effect::Edit { purpose, text }] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert_eq!(*purpose, Purpose::Workflow { id: "fresh".into(), base: None });
    assert!(text.contains("id: fresh"));
    app.event(Event::Edited(purpose.clone(), Ok(Some(text.clone()))));
    assert!(matches!(app.state.screen(), Screen::Workflow(open) if open.tab == WorkflowTab::File && open.draft.is_some()));
}

#[test]
fn versions_are_compared_and_an_older_one_is_activated() {
    let mut app = App::new();
    app.keys("3");
    enter(&mut app);
    let mut detail = samples::detail();
    detail.workflow.id = "a".into();
    app.answer(Answer::Data(Query::Workflow("a".into()), Ok(Data::Workflow(Box::new(detail)))));
    app.answer(Answer::Data(Query::Versions("a".into()), Ok(Data::Versions(samples::versions()))));
    assert_eq!(app.keys("3"), [Effect::Read(Query::Version("a".into(), 14))], "the newest is known");
    app.keys("jj");
    app.keys("A");
    later(&mut app);
    assert_eq!(app.keys("y"), [Effect::Send(vec![Order::Switch { workflow: "a".into(), activate: Some(13) }])]);
}

#[test]
fn a_start_asks_for_the_inputs_of_the_file_once_it_is_here() {
    let mut app = App::new();
    app.keys("3");
    assert_eq!(app.keys("r"), [Effect::Read(Query::Workflow("a".into()))]);
    app.answer(Answer::Data(Query::Workflow("a".into()), Ok(Data::Workflow(Box::new(samples::detail())))));
    app.keys("ACME");
    enter(&mut app);
    let input = json!({"customer": "ACME", "qty": 1});
    assert_eq!(enter(&mut app), [Effect::Send(vec![Order::Start { workflow: "a".into(), input }])]);
}

#[test]
fn code_is_executed_and_its_result_shown() {
    let mut app = App::new();
    app.keys("7l");
    let effects = app.keys("r");
    let [Effect::Send(orders)] = effects.as_slice() else { unreachable!("{effects:?}") };
    let order = orders[0].clone();
    assert!(matches!(&order, Order::Execute(code) if code.language.as_str() == "javascript"));
    let output = Some(json!({"greeting": "hello world"}));
    let (status, log) = (CodeStatus::Succeeded, String::new());
    let result = CodeExecuted { status, output, error: None, log, duration_ms: 2.0, peak_memory_bytes: None };
    app.answer(Answer::Sent { order: Box::new(order), result: Ok(Outcome::Code(Box::new(result.clone()))), left: 0 });
    assert!(matches!(app.state.screen(), Screen::Code(code) if code.result.as_ref() == Some(&result)));
}

#[test]
fn what_has_no_feed_is_read_again_while_it_is_on_screen() {
    let mut app = open("9");
    assert_eq!(app.event(Event::Tick), []);
    app.now += TimeDelta::seconds(11);
    assert_eq!(app.event(Event::Tick), [Effect::Read(Query::Secrets)]);
    assert_eq!(app.event(Event::Tick), [], "one request at a time");
}

#[test]
fn values_are_copied_by_path() {
    let mut app = App::new();
    app.keys("2");
    enter(&mut app);
    app.answer(Answer::Execution(testing::id(99), Ok(Box::new(whole(99).detail.unwrap()))));
    app.keys("gg2j");
    app.keys("k2");
    app.keys("j2");
    app.key(KeyCode::Tab);
    app.keys("jjj");
    let Some(Effect::Copy { text, .. }) = app.keys("yp").pop() else { unreachable!() };
    assert!(text.starts_with("{{ steps.list.output.") || text.starts_with("{{ trigger"), "{text}");
    assert!(matches!(app.state.overlay, None | Some(Overlay::Note(_))));
}

#[test]
fn a_session_comes_back_without_doing_anything() {
    let mut app = App::new();
    app.keys("2/status:failed");
    enter(&mut app);
    app.keys("j");
    let id = app.state.screen().execution().unwrap();
    let session = Session::of(&app.state);
    let mut again = App::new();
    let effects = restore(&mut again.state, &session);
    assert_eq!(effects.iter().filter(|effect| !matches!(effect, Effect::LoadFiltered { .. })).count(), 0, "{effects:?}");
    assert_eq!((again.state.screen().execution(), again.state.screen().filter()), (Some(id), Some("status:failed")));
    enter(&mut app);
    let effects = restore(&mut again.state, &Session::of(&app.state));
    assert!(effects.contains(&Effect::Follow { id, after: 0 }), "{effects:?}");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
}
