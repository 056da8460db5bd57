//! Pictures of every screen. They hold what a person sees; look at each before accepting a change.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use tidemill_common::api::execution::ExecutionPage;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::api::workflow::WorkflowPage;
use tidemill_common::event::EventBody;
use tidemill_common::payload::PayloadRef;

use super::*;
use crate::app::event::{Answer, Channel, Event, Failure};
use crate::app::state::testing;
use crate::app::state::{Place, State};
use crate::app::update::{start, update};
use crate::client::link::LinkEvent;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);

/// A terminal, a state, and a clock.
struct Screen {
    state: State,
    now: DateTime<Utc>,
    theme: Theme,
}

impl Screen {
    /// Connected, nothing loaded.
    fn new(size: (u16, u16)) -> Self {
        let place = Place { host: "tidemill.example:7700".into(), workspace: "ops".into(), ..Place::default() };
        let now = testing::now();
        let mut state = State::new(now, size, place);
        start(&mut state);
        let mut screen = Self { state, now, theme: Theme { colors: Colors::Ansi16, ascii: false, links: false } };
        screen.link(LinkEvent::Open);
        screen
    }

    /// Connected, everything loaded.
    fn live(size: (u16, u16)) -> Self {
        let mut screen = Self::new(size);
        let items = testing::store(60).newest_first().cloned().collect();
        screen.answer(Answer::Executions {
            generation: 0,
            older: false,
            result: Ok(ExecutionPage { items, next_cursor: Some("older".into()) }),
        });
        let items = vec![
            testing::workflow("crm-dedupe", true, Some("*/10 * * * *")),
            testing::workflow("invoice-sync", true, None),
            testing::workflow("nightly-etl", false, Some("30 2 * * *")),
            testing::workflow("order-intake", true, None),
        ];
        screen.answer(Answer::Workflows { generation: 0, result: Ok(WorkflowPage { items, next_cursor: None }) });
        screen
    }

    fn event(&mut self, event: Event) {
        update(&mut self.state, self.now, event);
    }

    fn answer(&mut self, answer: Answer) {
        self.event(Event::Answer(answer));
    }

    fn link(&mut self, event: LinkEvent) {
        self.event(Event::Link(Channel::Feed, event));
    }

    fn wait(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
        self.event(Event::Tick);
    }

    /// Presses keys: each character, and `<esc>`, `<enter>`, `<down>`, `<tab>` by name.
    fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let name = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let (code, after) = match name {
                Some(("esc", after)) => (KeyCode::Esc, after),
                Some(("enter", after)) => (KeyCode::Enter, after),
                Some(("tab", after)) => (KeyCode::Tab, after),
                Some(("down", after)) => (KeyCode::Down, after),
                _ => (KeyCode::Char(first), &rest[first.len_utf8()..]),
            };
            rest = after;
            self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    fn offline(&mut self) {
        let reason = "http://tidemill.example:7700 can't be reached".into();
        self.link(LinkEvent::Down { reason, retry_in: Duration::from_secs(4) });
        self.wait(41);
        self.link(LinkEvent::Down {
            reason: "http://tidemill.example:7700 can't be reached".into(),
            retry_in: Duration::from_secs(4),
        });
    }

    /// An execution whose step failed after three attempts, or the first `events` of its events.
    fn open(&mut self, events: usize) {
        self.keys("2");
        let id = testing::id(99);
        update(&mut self.state, self.now, Event::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
        self.answer(Answer::Execution(id, Ok(Box::new(testing::detail(99)))));
        let frame =
            |event: tidemill_common::event::Event| StreamFrame::Event { cursor: event.seq.to_string(), event, execution: None };
        let frames = testing::tape(99).into_iter().take(events).map(frame).collect();
        let last = testing::tape(99)[events - 1].at;
        self.now = last.max(self.now);
        let channel = Channel::Execution(id);
        self.event(Event::Link(channel, LinkEvent::Open));
        self.event(Event::Link(channel, LinkEvent::Frames(frames)));
        self.event(Event::Tick);
    }

    fn buffer(&self) -> Buffer {
        let (columns, rows) = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| draw(frame, &self.state, self.theme)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn text(&self) -> String {
        let buffer = self.buffer();
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        let lines: Vec<String> = (0..buffer.area.height).map(|y| row(y).trim_end().to_owned()).collect();
        lines.join("\n")
    }
}

macro_rules! picture {
    ($name:ident, $screen:expr) => {
        insta::assert_snapshot!(stringify!($name), $screen.text());
    };
}

#[path = "screens_tests.rs"]
mod screens;
#[path = "table_tests.rs"]
mod table;

#[test]
fn dashboard() {
    picture!(dashboard_80, Screen::live(SMALL));
    picture!(dashboard_200, Screen::live(LARGE));
    let mut offline = Screen::live(SMALL);
    offline.offline();
    picture!(dashboard_offline, offline);
}

#[test]
fn executions() {
    for (name, size) in [("executions_80", SMALL), ("executions_120", (120, 40)), ("executions_200", LARGE)] {
        let mut screen = Screen::live(size);
        screen.keys("2jj");
        insta::assert_snapshot!(name, screen.text());
    }
}

#[test]
fn executions_held_and_filtered() {
    let mut screen = Screen::live(SMALL);
    screen.keys("2jjj");
    for n in 100..123 {
        let execution = testing::running(n);
        let event = testing::tape(n).remove(0);
        screen.link(LinkEvent::Frames(vec![StreamFrame::Event { cursor: n.to_string(), event, execution: Some(execution) }]));
    }
    picture!(executions_held, screen);
    screen.keys("/wf:inv* status:fail");
    picture!(executions_filter, screen);
    screen.keys("x<enter>");
    picture!(executions_filter_wrong, screen);
    screen.keys("<esc><esc>/wf:inv* zzz<enter>");
    picture!(executions_filter_empty, screen);
}

#[test]
fn execution() {
    for (name, size) in [("execution_80", SMALL), ("execution_200", LARGE)] {
        let mut screen = Screen::live(size);
        screen.open(15);
        insta::assert_snapshot!(name, screen.text());
    }
}

#[test]
fn execution_under_way() {
    let mut screen = Screen::live(SMALL);
    screen.open(9);
    picture!(execution_retrying, screen);
    screen.keys("1");
    picture!(execution_input, screen);
    screen.keys("4");
    picture!(execution_events, screen);
    screen.keys("z");
    picture!(execution_zoom, screen);
    screen.keys("C");
    picture!(execution_cancel, screen);
}

#[test]
fn what_a_step_printed() {
    let mut screen = Screen::live(SMALL);
    screen.open(7);
    screen.keys("5");
    assert!(screen.text().contains("No log: nothing was printed"), "{}", screen.text());
    let mut event = testing::tape(99)[7].clone();
    let log = "telling ACME\n\n\u{1b}[31mred\n".into();
    event.body = EventBody::StepLogged { step: "notify".into(), iteration: None, attempt: 1, log };
    let frame = StreamFrame::Event { cursor: event.seq.to_string(), event, execution: None };
    screen.event(Event::Link(Channel::Execution(testing::id(99)), LinkEvent::Frames(vec![frame])));
    screen.event(Event::Tick);
    picture!(execution_log, screen);
}

#[test]
fn workflows() {
    for (name, size) in [("workflows_80", SMALL), ("workflows_200", LARGE)] {
        let mut screen = Screen::live(size);
        screen.keys("3j");
        insta::assert_snapshot!(name, screen.text());
    }
    let mut screen = Screen::live(SMALL);
    screen.keys("3jr");
    picture!(workflows_start, screen);
    screen.keys("<esc>A");
    picture!(workflows_switch, screen);
}

#[test]
fn overlays() {
    let mut screen = Screen::live(SMALL);
    screen.keys("?");
    picture!(help, screen);
    screen.keys("<esc>:inv");
    picture!(palette, screen);
    screen.keys("<esc>y");
    picture!(prefix, screen);
    screen.keys("<esc><esc>gm");
    picture!(messages, screen);
}

#[test]
fn the_header_says_how_live_it_is() {
    let mut screen = Screen::live(SMALL);
    let first_line = |screen: &Screen| screen.text().lines().next().unwrap().to_owned();
    assert!(first_line(&screen).contains("● LIVE"));
    screen.wait(13);
    assert!(first_line(&screen).contains("◐ LATE 13s"), "{}", first_line(&screen));
    screen.link(LinkEvent::Resync);
    assert!(first_line(&screen).contains("↻ RESYNC"));
    screen.offline();
    assert!(first_line(&screen).contains("○ OFFLINE"), "{}", first_line(&screen));
}

#[test]
fn in_crumbs_names_give_way_and_ids_stay() {
    let mut screen = Screen::live(SMALL);
    screen.open(9);
    let id = testing::id(99);
    let detail = screen.state.open_execution().unwrap().detail.as_mut().unwrap();
    detail.execution.workflow_id = "order-intake-with-a-very-long-name-that-goes-on".into();
    for columns in [60, 80, 200] {
        screen.event(Event::Resize(columns, 24));
        let line = screen.text().lines().nth(1).unwrap().to_owned();
        assert!(line.contains(&id.short()) && line.contains("  event ") && (columns == 200) != line.contains('…'), "{line}");
    }
}

#[test]
fn without_colours_none_is_ever_set() {
    let mut screen = Screen::live(SMALL);
    screen.theme = Theme { colors: Colors::Mono, ascii: true, links: false };
    screen.open(15);
    for keys in ["", "4z", "<esc><esc><esc>", "1", "2jj", "3", "?", "<esc>:", "<esc>2C", "<esc>/x"] {
        screen.keys(keys);
        let buffer = screen.buffer();
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "after {keys}");
    }
}

#[test]
fn plain_terminals_get_plain_characters() {
    for size in [SMALL, LARGE] {
        let mut screen = Screen::live(size);
        screen.theme = Theme { colors: Colors::Mono, ascii: true, links: false };
        let mut pictures = vec![screen.text()];
        for keys in ["2jj", "3", "?", "<esc>"] {
            screen.keys(keys);
            pictures.push(screen.text());
        }
        screen.open(15);
        screen.keys("3");
        pictures.push(screen.text());
        insta::assert_snapshot!(format!("ascii_execution_{}", size.0), screen.text());
        for picture in pictures {
            let odd: String = picture.chars().filter(|c| !c.is_ascii()).collect();
            assert_eq!(odd, "", "{picture}");
        }
    }
}

#[test]
fn of_a_large_value_is_shown_how_large_it_is() {
    let mut screen = Screen::live(SMALL);
    screen.open(15);
    let reference = PayloadRef { sha256: "ab12".into(), bytes: 4_100_000, preview: "{\"body\":{\"customer\"".into() };
    let mut detail = testing::detail(99);
    (detail.input, detail.execution.last_seq) = (reference.to_value(), 15);
    screen.answer(Answer::Execution(testing::id(99), Ok(Box::new(detail))));
    screen.keys("gg1");
    assert!(screen.text().contains("3.9 MiB in all: L reads it"), "{}", screen.text());
}

#[test]
fn a_selection_shows_without_colours() {
    let mut screen = Screen::live(SMALL);
    screen.theme = Theme { colors: Colors::Mono, ascii: true, links: false };
    screen.keys("2j");
    let buffer = screen.buffer();
    let row = (0..24).find(|y| buffer[(1, *y)].symbol() == ">").unwrap();
    assert!((0..80).all(|x| buffer[(x, row)].modifier.contains(Modifier::REVERSED)));
}

#[test]
fn a_small_terminal_still_says_how_it_goes() {
    let mut screen = Screen::live((42, 10));
    picture!(too_small, screen);
    for size in [(60, 15), (61, 16), (99, 15), (159, 23), (160, 15), (300, 100), (1, 1), (59, 40)] {
        screen.event(Event::Resize(size.0, size.1));
        for keys in ["1", "2G", "<enter>", "<esc>", "3", "?", "<esc>", "gm", "<esc>"] {
            screen.keys(keys);
            screen.buffer();
        }
    }
}
