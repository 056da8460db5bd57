//! The executions list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use tidemill_common::api::execution::ExecutionView;

use super::pane::{Row, instead, plain, put, row, say, span};
use super::theme::{Theme, Token};
use super::{aside, text};
use crate::app::state::executions::Executions;
use crate::app::state::views::{Column, Look, Order};
use crate::app::state::{State, geometry};

/// Widths of the columns that every terminal has room for.
const STATUS: usize = 13;
const ID: usize = 8;
const DURATION: usize = 7;
const STARTED: usize = 8;
const TRIGGER: usize = 18;

/// From this width on the trigger has a column of its own.
const ROOMY: usize = 96;

const VERSION: usize = 5;

/// Which columns there are, and how wide those are that grow.
struct Columns<'a> {
    look: &'a Look,
    workflow: usize,
    trigger: usize,
    detail: usize,
}

impl<'a> Columns<'a> {
    fn of(width: usize, look: &'a Look) -> Self {
        let with = |column, width: usize| if look.shows(column) { width + 2 } else { 0 };
        let fixed = 2 + STATUS + 2 + ID + 2 + with(Column::Version, VERSION) + with(Column::Time, DURATION);
        let fixed = fixed + with(Column::Began, STARTED) + 1;
        let roomy = width >= ROOMY || !look.shows(Column::Error);
        let trigger = if roomy { with(Column::Trigger, TRIGGER) } else { 0 };
        let rest = width.saturating_sub(fixed + trigger);
        let workflow = if look.shows(Column::Workflow) { (rest.saturating_sub(2) * 9 / 20).clamp(12, 40) } else { 0 };
        let detail = rest.saturating_sub(workflow + if workflow > 0 { 2 } else { 0 });
        Self { look, workflow, trigger: trigger.saturating_sub(2), detail }
    }
}

/// Draws the list and, where there is room, the facts of the selected row.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, screen: &Executions, theme: Theme) {
    let (area, beside) = geometry::list(body);
    let columns = Columns::of(usize::from(area.width), &screen.look);
    heading(buf, area, &columns, theme);
    if screen.held > 0 {
        let count = text::number(screen.held);
        let line = format!("   {} {count} newer, held while you read: gg jumps there, f follows", theme.pick("▲", "^"));
        put(buf, area, 1, vec![span(theme, Token::Accent, line)]);
    }
    let rows = geometry::executions_rows(body, screen.held > 0);
    let shown = screen.list.keys().iter().enumerate().skip(screen.list.offset()).take(usize::from(rows.height));
    for (at, (index, id)) in (0..).zip(shown) {
        if let Some(view) = state.store.get(*id) {
            let look = Row { selected: index == screen.list.index(), marked: screen.list.is_marked(id) };
            row(buf, rows, at, spans(view, &columns, state, theme), look);
        }
    }
    let empty = screen.list.keys().is_empty();
    if let Some(lines) = instead(&state.store.load, empty, state.now, "executions", why_empty(state, screen)) {
        say(buf, rows, theme, &lines);
    }
    if let Some(beside) = beside {
        aside::execution(buf, beside, state, screen.list.selected().and_then(|id| state.store.get(*id)), theme);
    }
}

fn heading(buf: &mut Buffer, area: Rect, columns: &Columns, theme: Theme) {
    let look = columns.look;
    let mut parts = vec![text::fit("STATUS", STATUS)];
    if columns.workflow > 0 {
        parts.push(text::fit("WORKFLOW", columns.workflow));
    }
    parts.push(text::fit("ID", ID));
    if look.shows(Column::Version) {
        parts.push(text::right("V", VERSION));
    }
    if columns.trigger > 0 {
        parts.push(text::fit("TRIGGER", columns.trigger));
    }
    let detail = match (columns.trigger > 0, look.shows(Column::Error), look.shows(Column::Trigger)) {
        (false, true, true) => "TRIGGER OR ERROR",
        (_, true, _) => "ERROR",
        _ => "",
    };
    parts.push(text::fit(detail, columns.detail));
    if look.shows(Column::Time) {
        let arrow = if look.order == Order::Longest { theme.pick("TIME ▾", "TIME v") } else { "TIME" };
        parts.push(text::right(arrow, DURATION));
    }
    if look.shows(Column::Began) {
        let arrow = match look.order {
            Order::Newest => theme.pick("BEGAN ▾", "BEGAN v"),
            Order::Oldest => theme.pick("BEGAN ▴", "BEGAN ^"),
            _ => "BEGAN",
        };
        parts.push(text::right(arrow, STARTED));
    }
    put(buf, area, 0, vec![span(theme, Token::Head, format!("  {}", parts.join("  ")))]);
}

/// The row of an execution in a list of `width` columns.
pub fn line(view: &ExecutionView, width: u16, state: &State, theme: Theme) -> Vec<Span<'static>> {
    spans(view, &Columns::of(usize::from(width), &Look::default()), state, theme)
}

fn spans(view: &ExecutionView, columns: &Columns, state: &State, theme: Theme) -> Vec<Span<'static>> {
    let look = columns.look;
    let (glyph, token) = theme.execution(view.status);
    let trigger = trigger(view);
    let error = view.error.as_deref().filter(|_| look.shows(Column::Error)).unwrap_or_default();
    let beside = columns.trigger == 0 && look.shows(Column::Trigger);
    let detail = if beside && error.is_empty() { trigger.as_str() } else { error };
    let mut spans = vec![span(theme, token, text::fit(&format!("{glyph} {}", view.status), STATUS)), plain("  ")];
    if columns.workflow > 0 {
        spans.push(plain(format!("{}  ", text::fit(&view.workflow_id, columns.workflow))));
    }
    spans.push(span(theme, Token::Muted, format!("{}  ", text::fit(&view.id.short(), ID))));
    if look.shows(Column::Version) {
        spans.push(span(theme, Token::Muted, format!("{}  ", text::right(&view.version.to_string(), VERSION))));
    }
    if columns.trigger > 0 {
        spans.push(span(theme, Token::Muted, format!("{}  ", text::fit(&trigger, columns.trigger))));
    }
    let detail_token = if error.is_empty() { Token::Muted } else { Token::Err };
    spans.push(span(theme, detail_token, text::fit(detail, columns.detail)));
    if look.shows(Column::Time) {
        spans.push(span(theme, Token::Muted, format!("  {}", text::right(&elapsed(view, state), DURATION))));
    }
    if look.shows(Column::Began) {
        let began = text::clock(view.created_at, state.now);
        spans.push(span(theme, Token::Muted, format!("  {}", text::right(&began, STARTED))));
    }
    spans
}

/// How long it took, or has taken so far.
pub fn elapsed(view: &ExecutionView, state: &State) -> String {
    match view.duration_ms {
        Some(millis) => text::duration(chrono::TimeDelta::milliseconds(millis)),
        None => text::growing(state.now - view.created_at),
    }
}

/// What started it: `webhook hook`, `manual`.
pub fn trigger(view: &ExecutionView) -> String {
    view.trigger_id.as_ref().map_or_else(|| view.trigger_type.clone(), |id| format!("{} {id}", view.trigger_type))
}

fn why_empty(state: &State, screen: &Executions) -> Vec<String> {
    if !screen.filter.is_empty() {
        let loaded = text::number(state.store.len());
        let older = match (screen.server.loading, &state.store.older) {
            (true, _) => " The server is being asked for older ones.",
            (false, Some(_)) => " Older ones are on the server: esc, then G loads more.",
            (false, None) => "",
        };
        return vec![
            format!("None of the {loaded} loaded executions passes /{}", screen.filter.text()),
            format!("Esc clears the filter, / changes it.{older}"),
        ];
    }
    vec![
        "This workspace has no executions yet.".into(),
        "Start one: 3 shows the workflows, r starts the selected one. Or send a webhook delivery.".into(),
    ]
}
