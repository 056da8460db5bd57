//! What the terminal is sent, counted over a real crossterm backend: over SSH each byte is paid for.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tidemill_common::api::execution::ExecutionPage;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::status::ExecutionStatus;

use super::backend::QuietBackend;
use super::event::{Answer, Channel, Event};
use super::state::{Place, State, testing};
use super::update::{start, update};
use super::view::{self, Colors, Theme};
use crate::client::link::LinkEvent;

#[derive(Clone, Default)]
struct Counted(Rc<RefCell<usize>>);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        *self.0.borrow_mut() += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A screen of executions that are all under way, and the bytes that were sent for it.
struct Line {
    state: State,
    now: DateTime<Utc>,
    counted: Counted,
    terminal: Terminal<QuietBackend<Counted>>,
}

impl Line {
    fn new(size: (u16, u16), status: ExecutionStatus) -> Self {
        let (now, counted) = (testing::now(), Counted::default());
        let mut state = State::new(now, size, Place::default());
        start(&mut state);
        let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
        let terminal = Terminal::with_options(QuietBackend::new(counted.clone()), TerminalOptions { viewport }).unwrap();
        let mut line = Self { state, now, counted, terminal };
        let items = (0..100).rev().map(|n| testing::row(n, "nightly-etl", status)).collect();
        let result = Ok(ExecutionPage { items, next_cursor: None });
        line.event(Event::Answer(Answer::Executions { generation: 0, older: false, result }));
        line.event(Event::Link(Channel::Feed, LinkEvent::Open));
        line.key('2');
        line
    }

    fn event(&mut self, event: Event) {
        update(&mut self.state, self.now, event);
    }

    fn key(&mut self, key: char) {
        self.event(Event::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)));
    }

    /// How many bytes the next frame takes.
    fn frame(&mut self) -> usize {
        let theme = Theme { colors: Colors::Ansi256, ascii: false, links: false };
        *self.counted.0.borrow_mut() = 0;
        self.terminal.draw(|frame| view::draw(frame, &self.state, theme)).unwrap();
        self.state.dirty = false;
        *self.counted.0.borrow()
    }

    /// Ten seconds in which fifty executions a second begin, with the newest ever in view; the bytes per second at so many frames.
    fn following(&mut self, frames: i64) -> usize {
        let (mut sent, each) = (0, 50 / frames);
        for tick in 0..10 * frames {
            self.now += TimeDelta::milliseconds(1000 / frames);
            let begun = (0..each).map(|n| {
                let row = testing::row(101 + tick * each + n, "nightly-etl", ExecutionStatus::Running);
                let mut event = testing::tape(1).remove(0);
                event.execution_id = row.id;
                StreamFrame::Event { cursor: String::new(), event, execution: Some(row) }
            });
            let begun = begun.collect();
            self.event(Event::Link(Channel::Feed, LinkEvent::Frames(begun)));
            sent += self.frame();
        }
        sent / 10
    }

    /// Ten seconds in which fifty rows a second end or begin, ten frames a second; the bytes per second.
    fn busy(&mut self) -> usize {
        let mut sent = 0;
        for tick in 0..100 {
            self.now += TimeDelta::milliseconds(100);
            let frames = (0..5).map(|n| {
                let mut row = testing::row(100 - (tick * 5 + n) % 100, "nightly-etl", ExecutionStatus::Running);
                row.last_seq = 10 + i32::try_from(tick).unwrap();
                if tick % 2 == 0 {
                    row.status = ExecutionStatus::Waiting;
                }
                let mut event = testing::tape(1).remove(1);
                event.execution_id = row.id;
                StreamFrame::Event { cursor: String::new(), event, execution: Some(row) }
            });
            let frames = frames.collect();
            self.event(Event::Link(Channel::Feed, LinkEvent::Frames(frames)));
            if self.state.dirty {
                sent += self.frame();
            }
        }
        sent / 10
    }
}

#[test]
fn when_nothing_changes_nothing_is_sent() {
    let mut line = Line::new((80, 24), ExecutionStatus::Succeeded);
    assert!(line.frame() > 0);
    line.now += TimeDelta::seconds(5);
    line.event(Event::Tick);
    assert_eq!(line.frame(), 0);
    let bookmark = StreamFrame::Bookmark { cursor: "c".into(), at: line.now };
    line.event(Event::Link(Channel::Feed, LinkEvent::Frames(vec![bookmark])));
    assert!(!line.state.dirty, "no frame is asked for at all");
    assert!(line.state.next_change().is_none_or(|at| at - line.now >= TimeDelta::seconds(10)), "no timer within ten seconds");
}

#[test]
fn a_whole_screen_and_a_busy_one_stay_within_their_budgets() {
    for (size, whole, busy) in [((80, 24), 4 * 1024, 3 * 1024), ((200, 60), 10 * 1024 + 512, 4 * 1024)] {
        let mut line = Line::new(size, ExecutionStatus::Running);
        let painted = line.frame();
        assert!(painted <= whole, "{size:?}: {painted} bytes");
        // Reading: the cursor is not at the top, so rows change in their places.
        line.key('j');
        line.frame();
        let pinned = line.busy();
        assert!(pinned <= busy, "{size:?}: {pinned} bytes a second");
    }
}

#[test]
fn following_the_newest_stays_within_its_budget_too() {
    const KB: usize = 1024;
    for (size, slow, quick) in [((80, 24), 12 * KB, 25 * KB), ((200, 60), 30 * KB, 65 * KB)] {
        for (frames, most) in [(4, slow), (10, quick)] {
            let mut line = Line::new(size, ExecutionStatus::Running);
            line.frame();
            let sent = line.following(frames);
            assert!(sent <= most && sent > KB, "{size:?} at {frames} frames: {sent} bytes a second");
        }
    }
}
