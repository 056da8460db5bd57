//! The graph of an execution's steps with states and times, and when each attempt was under way.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use tidemill_common::api::execution::{ExecutionDetail, StepView};
use tidemill_common::event::EventBody;
use tidemill_common::status::StepStatus;

use super::executions::{elapsed, trigger};
use super::pane::{plain, put, row, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::State;
use crate::app::state::execution::{Execution, Node, Pane};
use crate::app::state::geometry;
use crate::app::state::graph::{self, Row};

/// The name of the first row.
const EXECUTION: &str = "execution";
const STATUS: usize = 9;
const TIME: usize = 6;
const TRIES: usize = 3;

/// Widths of the columns, and the time that the chart spans.
struct Layout {
    graph: usize,
    name: usize,
    uses: usize,
    chart: usize,
    start: DateTime<Utc>,
    span: TimeDelta,
}

impl Layout {
    fn of(width: usize, open: &Execution, detail: &ExecutionDetail, now: DateTime<Utc>) -> Self {
        let lanes = open.graph.iter().map(|row| row.cells.len()).max().unwrap_or(1);
        let longest = detail.steps.iter().map(|step| step.id.chars().count()).max().unwrap_or(0).max(EXECUTION.len());
        let graph = lanes * 2;
        let fixed = 2 + graph + 1 + STATUS + 1 + TIME + 1 + TRIES + 1;
        let rest = width.saturating_sub(fixed);
        let name = longest.min((rest / 3).max(10));
        let uses = if rest > name + 42 { 14 } else { 0 };
        let chart = rest.saturating_sub(name + 1 + uses + usize::from(uses > 0) + 1);
        let end = detail.execution.finished_at.unwrap_or(now);
        let start = detail.execution.created_at;
        Self { graph, name, uses, chart, start, span: (end - start).max(TimeDelta::milliseconds(1)) }
    }

    /// The column of the chart at which `at` lies, in halves of a column.
    fn half(&self, at: DateTime<Utc>) -> usize {
        let halves = i64::try_from(self.chart * 2).unwrap_or(0);
        let place = (at - self.start).num_milliseconds() * halves / self.span.num_milliseconds();
        usize::try_from(place.clamp(0, halves)).unwrap_or(0)
    }
}

/// Draws heading and rows.
pub fn draw(buf: &mut Buffer, area: &geometry::Execution, state: &State, open: &Execution, theme: Theme) {
    let Some(detail) = &open.detail else { return };
    let layout = Layout::of(usize::from(area.steps.width), open, detail, state.now);
    heading(buf, area.steps, &layout, theme);
    let rows = geometry::steps_rows(area);
    let shown = open.nodes.keys().iter().enumerate().skip(open.nodes.offset()).take(usize::from(rows.height));
    for (at, (index, node)) in (0..).zip(shown) {
        let spans = match node {
            Node::Trigger => trigger_row(state, detail, &layout, theme),
            Node::Step(step) => match (detail.steps.get(*step), open.graph.get(index.wrapping_sub(1))) {
                (Some(step), Some(lines)) => step_row(open, step, lines, &layout, (state.now, theme)),
                _ => continue,
            },
        };
        let selected = index == open.nodes.index();
        row(buf, rows, at, spans, selected && open.pane == Pane::Steps);
        if selected && open.pane == Pane::Content {
            put(buf, rows, at, vec![span(theme, Token::Accent, " >")]);
        }
    }
}

fn heading(buf: &mut Buffer, area: Rect, layout: &Layout, theme: Theme) {
    let uses = if layout.uses > 0 { format!("{} ", text::fit("USES", layout.uses)) } else { String::new() };
    let line = format!(
        "  {} {uses}{} {} {} ",
        text::fit("STEP", layout.graph + layout.name),
        text::fit("STATUS", STATUS),
        text::right("TIME", TIME),
        text::right("TRY", TRIES),
    );
    put(buf, area, 0, vec![span(theme, Token::Head, line), span(theme, Token::Muted, axis(layout))]);
}

/// Marks of time over the chart: as many as fit.
fn axis(layout: &Layout) -> String {
    let marks = (layout.chart / 14).max(1);
    let mut line = String::new();
    for mark in 0..marks {
        let at = layout.chart * mark / marks;
        let time = layout.span * i32::try_from(mark).unwrap_or(0) / i32::try_from(marks).unwrap_or(1);
        let label = if mark == 0 { "0s".to_owned() } else { text::duration(time) };
        line = text::fit(&line, at) + &label;
    }
    let end = text::duration(layout.span);
    text::fit(&line, layout.chart.saturating_sub(end.len())) + &end
}

fn trigger_row(state: &State, detail: &ExecutionDetail, layout: &Layout, theme: Theme) -> Vec<Span<'static>> {
    let view = &detail.execution;
    let (glyph, token) = theme.execution(view.status);
    let name = text::cut(EXECUTION, layout.name + layout.graph - 2);
    let mut spans = vec![span(theme, token, format!("{glyph} ")), plain(text::fit(&name, layout.name + layout.graph - 1))];
    if layout.uses > 0 {
        spans.push(span(theme, Token::Muted, format!("{} ", text::fit(&trigger(view), layout.uses))));
    }
    spans.push(span(theme, token, format!("{} ", text::fit(view.status.as_str(), STATUS))));
    spans.push(plain(text::right(&elapsed(view, state), TIME)));
    spans.push(plain(" ".repeat(TRIES + 2)));
    let note = detail.wake_at.map_or_else(String::new, |at| format!("goes on in {}", text::growing(at - state.now)));
    spans.push(span(theme, Token::Wait, text::cut(&note, layout.chart)));
    spans
}

fn step_row(
    open: &Execution,
    step: &StepView,
    lines: &Row,
    layout: &Layout,
    look: (DateTime<Utc>, Theme),
) -> Vec<Span<'static>> {
    let (now, theme) = look;
    let (_, token) = theme.step(step.status);
    let mut spans = lanes(step, lines, layout, theme);
    spans.push(plain(format!("{} ", text::fit(&step.id, layout.name))));
    if layout.uses > 0 {
        spans.push(span(theme, Token::Muted, format!("{} ", text::fit(&step.uses, layout.uses))));
    }
    spans.push(span(theme, token, format!("{} ", text::fit(step.status.as_str(), STATUS))));
    spans.push(plain(text::right(&step_time(step, now), TIME)));
    let tries = if step.attempt > 1 { step.attempt.to_string() } else { String::new() };
    spans.push(span(theme, Token::Warn, format!(" {} ", text::right(&tries, TRIES))));
    spans.extend(chart(open, step, layout, now, theme));
    spans
}

fn lanes(step: &StepView, lines: &Row, layout: &Layout, theme: Theme) -> Vec<Span<'static>> {
    let (glyph, token) = theme.step(step.status);
    let mut spans = graph_cells(lines, &span(theme, token, glyph), theme);
    spans.push(plain(" ".repeat(layout.graph.saturating_sub(lines.cells.len() * 2))));
    spans
}

/// The lines of a step of a file, which has no state.
pub fn outline(lines: &Row, theme: Theme) -> Vec<Span<'static>> {
    graph_cells(lines, &span(theme, Token::Accent, theme.pick("◆", "o")), theme)
}

fn graph_cells(lines: &Row, mark: &Span<'static>, theme: Theme) -> Vec<Span<'static>> {
    let first = (0..lines.lane).find(|lane| lines.cells[*lane] & graph::RIGHT != 0);
    let last = (lines.lane + 1..lines.cells.len()).rfind(|lane| lines.cells[*lane] & graph::LEFT != 0);
    let horizontal = theme.pick("─", "-");
    let mut spans = Vec::new();
    for (lane, cell) in lines.cells.iter().enumerate() {
        if lane == lines.lane {
            spans.push(mark.clone());
        } else {
            spans.push(span(theme, Token::Muted, graph::glyph(*cell, theme.ascii).to_string()));
        }
        let leads_on = first.is_some_and(|first| (first..lines.lane).contains(&lane))
            || last.is_some_and(|last| (lines.lane..last).contains(&lane));
        spans.push(span(theme, Token::Muted, if leads_on { horizontal } else { " " }));
    }
    spans
}

fn step_time(step: &StepView, now: DateTime<Utc>) -> String {
    match (step.started_at, step.finished_at) {
        (Some(started), Some(ended)) => text::duration(ended - started),
        (Some(started), None) => text::growing(now - started),
        _ => String::new(),
    }
}

/// What a half of a column shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    None,
    Rest,
    Work,
}

/// The chart of one step: full where an attempt was under way, shaded between attempts and while it waits.
fn chart(open: &Execution, step: &StepView, layout: &Layout, now: DateTime<Utc>, theme: Theme) -> Vec<Span<'static>> {
    let Some(started) = step.started_at else {
        let why =
            if step.status != StepStatus::Skipped && open.detail.as_ref().is_some_and(|d| d.execution.status.is_terminal()) {
                "(not reached)"
            } else {
                ""
            };
        return vec![span(theme, Token::Muted, text::cut(why, layout.chart))];
    };
    let end = step.finished_at.unwrap_or(now);
    let mut halves = vec![Ink::None; layout.chart * 2 + 2];
    paint(&mut halves, layout, (started, end), if step.status == StepStatus::Waiting { Ink::Rest } else { Ink::Work });
    for (from, to) in pauses(open, step, end) {
        paint(&mut halves, layout, (from, to), Ink::Rest);
    }
    let (_, token) = theme.step(step.status);
    let cells = (0..layout.chart).map(|at| cell(halves[at * 2], halves[at * 2 + 1], theme));
    vec![span(theme, token, cells.collect::<String>().trim_end().to_owned())]
}

/// The times between a failed attempt and the next one, and those of a durable wait.
fn pauses(open: &Execution, step: &StepView, end: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut pauses = Vec::new();
    let mut since = None;
    for event in open.events.iter().filter(|event| event.body.step() == Some(step.id.as_str())) {
        match &event.body {
            EventBody::StepFailed { retry_at: Some(_), .. } | EventBody::StepWaiting { .. } => since = Some(event.at),
            EventBody::StepStarted { .. } | EventBody::StepCompleted { .. } => {
                pauses.extend(since.take().map(|since| (since, event.at)));
            }
            _ => {}
        }
    }
    pauses.extend(since.map(|since| (since, end)));
    pauses
}

fn paint(halves: &mut [Ink], layout: &Layout, time: (DateTime<Utc>, DateTime<Utc>), ink: Ink) {
    let from = layout.half(time.0).min(layout.chart * 2 - usize::from(layout.chart > 0));
    let to = layout.half(time.1).max(from + usize::from(ink == Ink::Work));
    let last = halves.len();
    halves[from.min(last)..to.min(last)].fill(ink);
}

fn cell(left: Ink, right: Ink, theme: Theme) -> char {
    match (left, right) {
        (Ink::None, Ink::None) => ' ',
        (Ink::Work, Ink::Work) => theme.pick('█', '='),
        (Ink::Work, _) => theme.pick('▌', '='),
        (_, Ink::Work) => theme.pick('▐', '='),
        (Ink::Rest, Ink::Rest | Ink::None) | (Ink::None, Ink::Rest) => theme.pick('░', '.'),
    }
}
