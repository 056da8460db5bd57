//! What the screen costs with very many executions: time per frame and memory. `tidemill bench --scenario screen` asks for it, in a
//! process of its own, so that the memory is that of a front end and nothing else.

use std::io;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde::Serialize;
use tidemill_common::api::execution::{ExecutionPage, ExecutionView};
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::event::{Event as Fact, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use uuid::Uuid;

use super::backend::QuietBackend;
use super::event::{Answer, Channel, Event};
use super::state::{Place, State};
use super::update::{start, update};
use super::view::{self, Colors, Theme};
use crate::client::link::LinkEvent;

/// How many executions are loaded.
const ROWS: usize = 100_000;
/// How many come with one answer.
const PAGE: usize = 1_000;
/// How many frames are drawn, each after an event.
const FRAMES: usize = 500;
/// The sizes of the screen.
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// How many executions were loaded.
    pub rows: usize,
    /// What this process has in memory, in bytes; absent where the system doesn't say.
    pub memory_bytes: Option<u64>,
    /// How long frames took.
    pub frames: Vec<Frames>,
}

/// How long frames of one size took, the event before each included.
#[derive(Debug, Serialize)]
pub struct Frames {
    /// Columns of the screen.
    pub columns: u16,
    /// Rows of the screen.
    pub rows: u16,
    /// Half of them took no longer, in milliseconds.
    pub p50_ms: f64,
    /// Of a hundred, ninety-nine took no longer, in milliseconds.
    pub p99_ms: f64,
    /// A character of a filter took so long to be applied, in milliseconds.
    pub filter_ms: f64,
}

/// Loads, draws and measures, with `now` as the present.
///
/// # Errors
///
/// Those of drawing into nothing: none.
pub fn measure(now: DateTime<Utc>) -> io::Result<Measured> {
    let mut state = State::new(now, SIZES[0], Place::default());
    start(&mut state);
    update(&mut state, now, Event::Link(Channel::Feed, LinkEvent::Open));
    for page in 0..ROWS / PAGE {
        let items = (page * PAGE..(page + 1) * PAGE).map(|n| row(now, n)).collect();
        let result = Ok(ExecutionPage { items, next_cursor: Some(page.to_string()) });
        update(&mut state, now, Event::Answer(Answer::Executions { generation: 0, older: page > 0, result }));
    }
    key(&mut state, now, '2');
    let frames = SIZES.into_iter().map(|size| frames(&mut state, now, size)).collect::<io::Result<_>>()?;
    Ok(Measured { rows: state.store.len(), memory_bytes: memory(), frames })
}

fn key(state: &mut State, now: DateTime<Utc>, key: char) {
    update(state, now, Event::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)));
}

fn frames(state: &mut State, now: DateTime<Utc>, size: (u16, u16)) -> io::Result<Frames> {
    update(state, now, Event::Resize(size.0, size.1));
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
    let mut terminal = Terminal::with_options(QuietBackend::new(io::sink()), TerminalOptions { viewport })?;
    let theme = Theme { colors: Colors::True, ascii: false, links: false };
    let mut took = Vec::with_capacity(FRAMES);
    for n in 0..FRAMES {
        let begun = Instant::now();
        update(state, now, Event::Link(Channel::Feed, LinkEvent::Frames(vec![changed(now, n)])));
        terminal.draw(|frame| view::draw(frame, state, theme))?;
        took.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let begun = Instant::now();
    key(state, now, '/');
    key(state, now, 'x');
    let filter_ms = begun.elapsed().as_secs_f64() * 1000.0;
    for code in [KeyCode::Esc, KeyCode::Esc] {
        update(state, now, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    let at = |hundredth: usize| took[(took.len() * hundredth / 100).min(took.len() - 1)];
    Ok(Frames { columns: size.0, rows: size.1, p50_ms: at(50), p99_ms: at(99), filter_ms })
}

/// The execution `n`; greater is older, one each 100 ms.
fn id(now: DateTime<Utc>, n: usize) -> ExecutionId {
    let at = now - TimeDelta::milliseconds(100 * i64::try_from(n).unwrap_or(0));
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    let tail = (n as u128 * 7_919_317) & 0xffff_ffff;
    ExecutionId(Uuid::from_u128(millis << 80 | 0x7 << 76 | 0x8 << 60 | tail))
}

fn row(now: DateTime<Utc>, n: usize) -> ExecutionView {
    let id = id(now, n);
    let status = match n % 11 {
        _ if n < 40 => ExecutionStatus::Running,
        0 => ExecutionStatus::Failed,
        1 => ExecutionStatus::Cancelled,
        _ => ExecutionStatus::Succeeded,
    };
    let duration = status.is_terminal().then_some(1_234);
    ExecutionView {
        id,
        workflow_id: ["invoice-sync", "crm-dedupe", "nightly-etl", "order-intake"][n % 4].into(),
        version: 14,
        status,
        trigger_type: "webhook".into(),
        trigger_id: Some("hook".into()),
        created_at: id.admitted_at(),
        finished_at: duration.map(|millis| id.admitted_at() + TimeDelta::milliseconds(millis)),
        duration_ms: duration,
        last_seq: 5,
        error: (status == ExecutionStatus::Failed).then(|| "charge: 429 from api.stripe.com".into()),
        retry_of: None,
        parent_id: None,
    }
}

/// One of those that are on screen goes on.
fn changed(now: DateTime<Utc>, n: usize) -> StreamFrame {
    let mut row = row(now, n % 40);
    row.last_seq = i32::try_from(10 + n).unwrap_or(i32::MAX);
    row.status = if n.is_multiple_of(2) { ExecutionStatus::Waiting } else { ExecutionStatus::Running };
    let body = EventBody::ExecutionStarted { origin: None };
    let event = Fact { execution_id: row.id, seq: row.last_seq, at: now, body };
    StreamFrame::Event { cursor: n.to_string(), event, execution: Some(row) }
}

/// What this process has in memory.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::testing;

    /// The times are the benchmark's business. What does not depend on the machine is looked at here.
    #[test]
    fn it_measures_a_screen_full_of_rows() {
        let measured = measure(testing::now()).unwrap();
        assert_eq!((measured.rows, measured.frames.len()), (ROWS, 2));
        assert!(measured.frames.iter().all(|frames| frames.p99_ms >= frames.p50_ms && frames.p50_ms > 0.0), "{measured:?}");
    }
}
