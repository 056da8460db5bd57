use std::time::Duration;

use chrono::TimeDelta;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use serde_json::json;
use tidemill_common::api::execution::ExecutionPage;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::api::workflow::WorkflowPage;
use tidemill_common::event::Event as Fact;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::*;
use crate::app::event::{Answer, Channel};
use crate::app::order::{Order, Outcome};
use crate::app::state::execution::{Execution, Tab};
use crate::app::state::store::Applied;
use crate::app::state::{Place, testing};
use crate::client::link::LinkEvent;

#[path = "around_tests.rs"]
mod around;
#[path = "household_tests.rs"]
mod household;
#[path = "operate_tests.rs"]
mod operate;
#[path = "screens_tests.rs"]
mod screens;

struct App {
    state: State,
    now: DateTime<Utc>,
}

impl App {
    fn new() -> Self {
        let now = testing::now();
        let mut app = Self { state: State::new(now, (80, 24), Place::default()), now };
        start(&mut app.state);
        let items = testing::store(60).newest_first().cloned().collect();
        app.answer(Answer::Executions {
            generation: 0,
            older: false,
            result: Ok(ExecutionPage { items, next_cursor: Some("p2".into()) }),
        });
        let items = vec![testing::workflow("a", true, None), testing::workflow("b", false, None)];
        app.answer(Answer::Workflows { generation: 0, result: Ok(WorkflowPage { items, next_cursor: None }) });
        app.event(Event::Link(Channel::Feed, LinkEvent::Open));
        app
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        update(&mut self.state, self.now, event)
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        self.event(Event::Answer(answer))
    }

    fn key(&mut self, code: KeyCode) -> Vec<Effect> {
        self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.chars().flat_map(|c| self.key(KeyCode::Char(c))).collect()
    }

    fn feed(&mut self, frames: Vec<StreamFrame>) -> Vec<Effect> {
        self.event(Event::Link(Channel::Feed, LinkEvent::Frames(frames)))
    }

    fn message(&self) -> String {
        self.state.toasts.current(self.now).map_or_else(String::new, |toast| toast.text.clone())
    }
}

fn frame(event: Fact) -> StreamFrame {
    StreamFrame::Event { cursor: event.seq.to_string(), event, execution: None }
}

/// The fold of the whole tape, as a server would answer.
fn whole(n: i64) -> Execution {
    let mut whole = Execution::new(testing::id(n));
    whole.put(testing::detail(n));
    for event in testing::tape(n) {
        assert_eq!(whole.apply(event), Applied::Changed);
    }
    whole
}

#[test]
fn the_fold_of_a_tape_is_what_happened() {
    let detail = whole(99).detail.unwrap();
    assert_eq!(detail.execution.status, ExecutionStatus::Failed);
    assert_eq!(detail.execution.duration_ms, Some(29_220));
    let states: Vec<&str> = detail.steps.iter().map(|step| step.status.as_str()).collect();
    assert_eq!(states, ["succeeded", "succeeded", "succeeded", "failed", "skipped"]);
    assert_eq!((detail.steps[3].attempt, detail.steps[3].wake_at), (3, None));
    assert_eq!(
        detail.steps[1].output,
        Some(json!({"total": 71.7, "count": 2, "customer": "ACME", "note": "two open invoices"}))
    );
    assert_eq!(detail.input["body"]["customer"], "ACME");
}

proptest! {
    /// However events are repeated, cut and mixed: after each gap the stream is asked again, and in the end the screen
    /// shows what happened, wherever the snapshot came in between.
    #[test]
    fn tapes_converge(order in prop::collection::vec(0_usize..15, 0..60), snapshot_at in 0_usize..60, snapshot_seq in 0_usize..15) {
        let tape = testing::tape(99);
        let mut open = Execution::new(testing::id(99));
        for (at, index) in order.iter().enumerate() {
            if at == snapshot_at {
                let mut snapshot = Execution::new(open.id);
                snapshot.put(testing::detail(99));
                tape[..snapshot_seq].iter().for_each(|event| { snapshot.apply(event.clone()); });
                open.put(snapshot.detail.unwrap());
            }
            let before = open.last_seq();
            match open.apply(tape[*index].clone()) {
                Applied::Changed => prop_assert_eq!(open.last_seq(), before + 1),
                Applied::Known | Applied::Gap => prop_assert_eq!(open.last_seq(), before),
            }
        }
        // What the stream sends when it is asked again behind the last event.
        let rest = usize::try_from(open.last_seq()).unwrap();
        if open.detail.is_none() {
            open.put(testing::detail(99));
        }
        for event in &tape[rest..] {
            open.apply(event.clone());
        }
        prop_assert_eq!(open.detail, whole(99).detail);
        prop_assert_eq!(open.events.len(), tape.len());
    }

    /// Rows come with the newest event of a batch: in any order, any number of times, the list ends at the newest.
    #[test]
    fn rows_converge(order in prop::collection::vec((0_i64..4, 0_i32..8), 0..80)) {
        let row = |n: i64, seq: i32| {
            let status = if seq == 7 { ExecutionStatus::Succeeded } else { ExecutionStatus::Running };
            let mut row = testing::row(n, "sync", status);
            row.last_seq = seq;
            row
        };
        let mut store = crate::app::state::store::Store::default();
        for (n, seq) in &order {
            store.put(row(*n, *seq));
        }
        for n in 0..4 {
            let newest = order.iter().filter(|(other, _)| *other == n).map(|(_, seq)| *seq).max();
            prop_assert_eq!(store.get(testing::id(n)).cloned(), newest.map(|seq| row(n, seq)));
        }
    }

    /// Whatever was pressed, Esc leads back to the root, and nothing changed the server without a yes.
    #[test]
    fn escape_leads_to_the_root(keys in "[a-xzB-Z0-9:/?! !]{0,40}") {
        let mut app = App::new();
        let mut effects = Vec::new();
        for c in keys.chars() {
            effects.extend(app.key(KeyCode::Char(c)));
            if c == ' ' {
                effects.extend(app.key(KeyCode::Enter));
            }
        }
        // What a form asks for is sent once it is filled in; what can be undone, at once. All else needs a yes, or a word.
        let asks = |order: &Order| {
            matches!(
                order,
                Order::Cancel(..)
                    | Order::Switch { .. }
                    | Order::Apply { .. }
                    | Order::WorkflowDelete(_)
                    | Order::Discard(_)
                    | Order::SecretDelete(_)
                    | Order::TokenRevoke(..)
            )
        };
        let changes = |effect: &Effect| matches!(effect, Effect::Send(orders) if orders.len() > 1 || orders.iter().any(asks));
        prop_assert!(!effects.iter().any(changes), "{:?}", effects);
        for _ in 0..12 {
            app.key(KeyCode::Esc);
        }
        prop_assert!(app.state.at_root() && app.state.overlay.is_none() && app.state.pending.is_empty());
        if let Screen::Executions(screen) = app.state.screen() {
            prop_assert!(screen.filter.is_empty());
        }
    }
}

#[test]
fn a_gap_in_the_feed_reads_the_row_once_unless_the_batch_brings_it() {
    let mut app = App::new();
    let mut gap = testing::tape(200).remove(8);
    gap.execution_id = testing::id(200);
    assert_eq!(app.feed(vec![frame(gap.clone())]), [Effect::LoadExecution(testing::id(200))]);
    let mut row = testing::running(200);
    row.last_seq = 9;
    let mut next = gap.clone();
    next.seq = 9;
    let with_row = StreamFrame::Event { cursor: "9".into(), event: next, execution: Some(row) };
    assert_eq!(app.feed(vec![frame(gap), with_row]), []);
}

#[test]
fn new_executions_appear_from_their_first_event_alone() {
    let mut app = App::new();
    let tape = testing::tape(200);
    app.feed(vec![frame(tape[0].clone()), frame(tape[1].clone())]);
    let row = app.state.store.get(testing::id(200)).unwrap();
    assert_eq!((row.status, row.workflow_id.as_str(), row.version), (ExecutionStatus::Running, "invoice-sync", 14));
}

#[test]
fn the_snapshot_is_read_again_once_the_stream_stands_and_after_a_resync() {
    let live = || StreamFrame::Live { cursor: "c".into() };
    let loads = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::LoadExecutions { .. }));
    let mut app = App::new();
    assert!(loads(&app.feed(vec![live()])), "what happened before the stream stood");
    assert!(!loads(&app.feed(vec![live()])), "a stream that resumed missed nothing");
    app.event(Event::Link(Channel::Feed, LinkEvent::Resync));
    assert!(loads(&app.feed(vec![live()])), "after a resync");
}

#[test]
fn answers_to_requests_from_before_a_resync_are_dropped() {
    let mut app = App::new();
    app.event(Event::Key(KeyEvent::new(KeyCode::Char('r'), KeyModifiers::CONTROL)));
    let page = ExecutionPage { items: vec![testing::running(500)], next_cursor: None };
    app.answer(Answer::Executions { generation: 0, older: false, result: Ok(page.clone()) });
    assert!(app.state.store.get(testing::id(500)).is_none());
    app.answer(Answer::Executions { generation: 1, older: false, result: Ok(page) });
    assert!(app.state.store.get(testing::id(500)).is_some());
}

#[test]
fn quiet_bookmarks_change_nothing_on_screen() {
    let mut app = App::new();
    app.state.dirty = false;
    app.now += TimeDelta::seconds(10);
    app.feed(vec![StreamFrame::Bookmark { cursor: "c".into(), at: app.now }]);
    assert!(!app.state.dirty);
    app.now += TimeDelta::seconds(13);
    app.event(Event::Tick);
    app.state.dirty = false;
    app.feed(vec![StreamFrame::Bookmark { cursor: "c".into(), at: app.now }]);
    assert!(app.state.dirty, "LATE becomes LIVE");
}

#[test]
fn without_anything_that_changes_there_is_no_timer_but_the_links() {
    let mut app = App::new();
    app.keys("3");
    app.answer(Answer::Workflows { generation: 0, result: Ok(WorkflowPage { items: vec![], next_cursor: None }) });
    assert_eq!(app.state.next_change(), Some(app.now + TimeDelta::seconds(12)), "LATE");
    app.keys("2");
    assert_eq!(app.state.next_change(), Some(app.now + TimeDelta::seconds(1)), "a duration grows");
}

#[test]
fn cancelling_asks_and_does_not_take_keys_that_were_on_their_way() {
    let mut app = App::new();
    app.keys("2");
    app.keys("/status:running");
    app.key(KeyCode::Enter);
    assert_eq!(app.keys("Cy"), [], "too soon to be an answer");
    app.now += TimeDelta::milliseconds(300);
    let running = app.state.screen().execution().unwrap();
    assert_eq!(app.keys("y"), [Effect::Send(vec![Order::Cancel(running, None)])]);
    app.keys("C");
    app.now += TimeDelta::milliseconds(300);
    assert_eq!(app.key(KeyCode::Enter), [], "the default is no");
    assert_eq!(app.message(), "nothing was done");
}

#[test]
fn what_can_not_be_done_says_why() {
    let mut app = App::new();
    app.keys("2/status:succeeded");
    app.key(KeyCode::Enter);
    app.keys("C");
    assert_eq!(app.message(), "the execution has ended: succeeded");
    app.event(Event::Link(Channel::Feed, LinkEvent::Down { reason: "gone".into(), retry_in: Duration::from_secs(4) }));
    app.keys("3r");
    assert!(app.message().starts_with("offline"), "{}", app.message());
    app.state.place.readonly = true;
    app.keys("A");
    assert_eq!(app.message(), "this session is read-only");
    assert!(app.state.overlay.is_none());
}

#[test]
fn starting_takes_json_and_opens_the_execution() {
    let mut app = App::new();
    app.keys("3r");
    app.event(Event::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
    app.event(Event::Paste("{\"qty\":\n3}\n".into()));
    assert!(app.state.overlay.is_some(), "a pasted line break sends nothing");
    assert_eq!(app.key(KeyCode::Enter), [Effect::Send(vec![Order::Start { workflow: "a".into(), input: json!({"qty": 3}) }])]);
    let order = Box::new(Order::Start { workflow: "a".into(), input: json!({}) });
    let result = Ok(Outcome::Started(Box::new(testing::running(300))));
    let effects = app.answer(Answer::Sent { order, result, left: 0 });
    assert_eq!(effects, [Effect::LoadExecution(testing::id(300)), Effect::Follow { id: testing::id(300), after: 0 }]);
    assert!(matches!(app.state.screen(), Screen::Execution(_)));
    app.key(KeyCode::Esc);
    app.keys("r}");
    assert_eq!(app.key(KeyCode::Enter), [], "no JSON, nothing is sent");
}

#[test]
fn leaving_an_execution_ends_its_stream() {
    let mut app = App::new();
    app.keys("2");
    let id: ExecutionId = app.state.screen().execution().unwrap();
    assert_eq!(app.key(KeyCode::Enter), [Effect::LoadExecution(id), Effect::Follow { id, after: 0 }]);
    assert_eq!(app.key(KeyCode::Esc), [Effect::Unfollow]);
    app.key(KeyCode::Enter);
    assert!(app.keys("g1").contains(&Effect::Unfollow));
}

#[test]
fn the_cursor_goes_with_what_happens_until_it_is_moved() {
    let mut app = App::new();
    app.keys("2");
    app.key(KeyCode::Enter);
    let id = testing::id(99);
    app.answer(Answer::Execution(id, Ok(Box::new(testing::detail(99)))));
    let tape = testing::tape(99);
    let play = |app: &mut App, events: &[Fact]| {
        let frames = events.iter().cloned().map(frame).collect();
        app.event(Event::Link(Channel::Execution(id), LinkEvent::Frames(frames)));
        let open = app.state.open_execution().unwrap();
        (open.step().map(|step| step.id.clone()), open.tab())
    };
    assert_eq!(play(&mut app, &tape[..3]).0.as_deref(), Some("list"));
    assert_eq!(play(&mut app, &tape[3..9]), (Some("charge".into()), Tab::Error));
    app.keys("kkk");
    let chosen = play(&mut app, &[]).0;
    assert_eq!(play(&mut app, &tape[9..]).0, chosen);
}

#[test]
fn an_event_that_is_not_understood_is_passed_over_and_the_whole_read_anew() {
    let mut app = App::new();
    app.keys("2");
    app.key(KeyCode::Enter);
    let id = testing::id(99);
    app.answer(Answer::Execution(id, Ok(Box::new(testing::detail(99)))));
    let tape = testing::tape(99);
    let mut frames: Vec<StreamFrame> = tape[..4].iter().cloned().map(frame).collect();
    let foreign = StreamFrame::Bookmark { cursor: "5".into(), at: app.now };
    frames.push(foreign.clone());
    frames.push(frame(tape[5].clone()));
    let effects = app.event(Event::Link(Channel::Execution(id), LinkEvent::Frames(frames)));
    assert_eq!(effects, [Effect::LoadExecution(id)]);
    let effects = app.event(Event::Link(Channel::Execution(id), LinkEvent::Frames(vec![foreign])));
    assert_eq!(effects, [], "a bookmark where we are says nothing new");
    let mut snapshot = Execution::new(id);
    snapshot.put(testing::detail(99));
    tape[..5].iter().for_each(|event| {
        snapshot.apply(event.clone());
    });
    app.answer(Answer::Execution(id, Ok(Box::new(snapshot.detail.unwrap()))));
    assert_eq!(app.state.open_execution().unwrap().detail.as_ref().unwrap().execution.last_seq, 6);
}

#[test]
fn yanking_copies_ids_commands_and_json() {
    let mut app = App::new();
    app.keys("2");
    let id = app.state.screen().execution().unwrap();
    assert_eq!(app.keys("yy"), [Effect::Copy { what: "id", text: id.to_string() }]);
    assert_eq!(app.keys("yc"), [Effect::Copy { what: "command", text: format!("tidemill describe execution {id}") }]);
    let effects = app.keys("yj");
    let [Effect::Copy { text, .. }] = effects.as_slice() else { unreachable!("{effects:?}") };
    assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap()["id"], id.to_string());
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut app = App::new();
    app.keys("2");
    let click = MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), column: 10, row: 6, modifiers: KeyModifiers::NONE };
    assert_eq!(app.event(Event::Mouse(click)), []);
    assert_eq!(app.state.screen().execution(), Some(testing::id(97)), "the third row");
    assert_eq!(app.event(Event::Mouse(click)).first(), Some(&Effect::LoadExecution(testing::id(97))));
}

#[test]
fn near_the_end_older_rows_are_read_once() {
    let mut app = App::new();
    app.keys("2");
    let older = Effect::LoadExecutions { generation: 0, cursor: Some("p2".into()) };
    assert_eq!(app.keys("G"), [older]);
    assert_eq!(app.keys("kj"), [], "the request is under way");
    let items = vec![testing::row(2, "old", ExecutionStatus::Succeeded)];
    app.answer(Answer::Executions { generation: 0, older: true, result: Ok(ExecutionPage { items, next_cursor: None }) });
    assert_eq!((app.state.store.len(), app.keys("G")), (61, vec![]));
}
