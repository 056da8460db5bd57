//! The dashboard.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::executions::{elapsed, trigger};
use super::health;
use super::pane::{instead, plain, put, put_right, row, say, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::dashboard::{Cause, Dashboard, Summary};
use crate::app::state::{State, geometry};

/// Draws counters, charts, what needs attention and what is under way.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, screen: &Dashboard, theme: Theme) {
    let nothing = vec![
        "Nothing has been executed here yet.".to_owned(),
        "Apply a workflow (tidemill apply -f workflow.yaml), then start it: 3, r. Or send a webhook delivery.".to_owned(),
    ];
    if let Some(lines) = instead(&state.store.load, state.store.is_empty(), state.now, "executions", nothing) {
        say(buf, body, theme, &lines);
        return;
    }
    let summary = &screen.summary;
    let (causes, _) = screen.shown();
    let areas = geometry::dashboard(body, causes);
    counters(buf, areas.counters, state, summary, theme);
    health::draw(buf, areas.health, state, theme);
    charts(buf, areas.charts, summary, theme);
    needs_you(buf, areas.causes, state, screen, theme);
    under_way(buf, areas.active, state, screen, theme);
}

fn counters(buf: &mut Buffer, area: Rect, state: &State, summary: &Summary, theme: Theme) {
    let counter = |token: Token, name: &str, count: usize| {
        let token = if count == 0 { Token::Muted } else { token };
        [span(theme, Token::Muted, format!(" {name} ")), span(theme, token, format!("{} ", text::number(count)))]
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    spans.extend(counter(Token::Run, "running", summary.running));
    spans.extend(counter(Token::Head, "queued", summary.queued));
    spans.extend(counter(Token::Wait, "waiting", summary.waiting));
    spans.push(span(theme, Token::Muted, theme.pick("│ ", "| ")));
    let since =
        summary.since.map_or_else(|| "last hour".to_owned(), |since| format!("since {}", text::clock(since, state.now)));
    spans.push(span(theme, Token::Head, since));
    spans.extend(counter(Token::Ok, "  succeeded", summary.succeeded));
    spans.extend(counter(Token::Err, "failed", summary.failed));
    let ended = summary.succeeded + summary.failed;
    if ended > 0 && summary.failed > 0 {
        let tenths = summary.failed * 1000 / ended;
        spans.push(span(theme, Token::Muted, format!("({}.{}%)", tenths / 10, tenths % 10)));
    }
    put(buf, area, 0, spans);
    let (token, words) = server(state);
    put_right(buf, area, 0, vec![plain("  "), span(theme, token, words), plain(" ")]);
}

/// Dead letters, and whether the server takes work.
fn server(state: &State) -> (Token, String) {
    if state.server.as_ref().is_some_and(|facts| facts.ready.is_err()) {
        return (Token::Err, "the server is not ready (8)".to_owned());
    }
    let letters: i64 = state.causes.iter().map(|cause| cause.count).sum();
    (Token::Warn, if letters > 0 { format!("{letters} dead letters (4)") } else { String::new() })
}

/// Two charts over the last minutes: one row each, or four where there is room.
fn charts(buf: &mut Buffer, area: Rect, summary: &Summary, theme: Theme) {
    let half = area.height / 2;
    let upper = Rect { height: half, ..area };
    let lower = Rect { y: area.y + half, height: half, ..area };
    chart(buf, upper, "exec/min", &summary.per_minute, Token::Run, theme);
    chart(buf, lower, "fail/min", &summary.failed_per_minute, Token::Err, theme);
}

fn chart(buf: &mut Buffer, area: Rect, name: &str, minutes: &[u64], token: Token, theme: Theme) {
    let (rows, width) = (u64::from(area.height), usize::from(area.width).saturating_sub(18).min(minutes.len()));
    let shown = &minutes[minutes.len() - width..];
    let most = shown.iter().copied().max().unwrap_or(0).max(1);
    for row in 0..area.height {
        let level = rows - 1 - u64::from(row);
        let bars: String = shown.iter().map(|count| bar(*count, most, rows, level, theme)).collect();
        let name = if row + 1 == area.height { text::fit(name, 9) } else { " ".repeat(9) };
        let newest = shown.last().copied().unwrap_or(0);
        let tail = match row {
            0 if area.height > 1 => format!(" most {most}"),
            _ if row + 1 == area.height => format!(" {newest}"),
            _ => String::new(),
        };
        put(
            buf,
            area,
            row,
            vec![span(theme, Token::Muted, format!(" {name}")), span(theme, token, bars), span(theme, Token::Muted, tail)],
        );
    }
}

/// The part of a bar that is in the row `level` rows above the lowest.
fn bar(count: u64, most: u64, rows: u64, level: u64, theme: Theme) -> char {
    const UNICODE: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const ASCII: [char; 9] = [' ', '.', '.', ':', ':', '|', '|', '#', '#'];
    let eighths = (count * rows * 8).div_ceil(most);
    let here = usize::try_from(eighths.saturating_sub(level * 8).min(8)).unwrap_or(8);
    // The base line shows that there was a minute.
    let here = if level == 0 { here.max(1) } else { here };
    theme.pick(UNICODE, ASCII)[here]
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

fn needs_you(buf: &mut Buffer, area: Rect, state: &State, screen: &Dashboard, theme: Theme) {
    let (shown, _) = screen.shown();
    let all = screen.summary.causes.len();
    let hidden = if all > shown { format!("   {} more: 2, E", all - shown) } else { String::new() };
    put(buf, area, 0, vec![span(theme, Token::Head, format!("  NEEDS YOU ({all})")), span(theme, Token::Muted, hidden)]);
    let rows = below(area);
    if all == 0 {
        put(
            buf,
            rows,
            0,
            vec![
                span(theme, Token::Ok, format!("  {} ", theme.pick("✓", "+"))),
                span(theme, Token::Muted, "nothing failed within the last hour"),
            ],
        );
    }
    for (at, cause) in (0..).zip(&screen.summary.causes[..shown]) {
        let selected = usize::from(at) == screen.list.index();
        row(buf, rows, at, cause_spans(cause, state, usize::from(area.width), theme), selected);
    }
}

fn cause_spans(cause: &Cause, state: &State, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let (glyph, token) = theme.execution(cause.status);
    let workflow = (width / 4).clamp(14, 36);
    let count = if cause.count == 1 { String::new() } else { format!("{} executions, one cause: ", text::number(cause.count)) };
    let detail = width.saturating_sub(2 + 13 + 2 + workflow + 2 + 2 + 4 + 1);
    vec![
        span(theme, token, text::fit(&format!("{glyph} {}", cause.status), 13)),
        plain("  "),
        plain(text::fit(&cause.workflow, workflow)),
        plain("  "),
        plain(text::fit(&format!("{count}{}", cause.error), detail)),
        span(theme, Token::Muted, format!("  {}", text::right(&text::ago(cause.at, state.now), 4))),
    ]
}

fn under_way(buf: &mut Buffer, area: Rect, state: &State, screen: &Dashboard, theme: Theme) {
    let (causes, active) = screen.shown();
    let all = screen.summary.active.len();
    let hidden = if all > active { format!("   {} more: 2", all - active) } else { String::new() };
    put(buf, area, 0, vec![span(theme, Token::Head, format!("  UNDER WAY ({all})")), span(theme, Token::Muted, hidden)]);
    let rows = below(area);
    if all == 0 {
        put(buf, rows, 0, vec![span(theme, Token::Muted, "    nothing is running, queued or waiting")]);
    }
    let workflow = (usize::from(area.width) / 4).clamp(14, 36);
    let ids = screen.summary.active.iter().take(active);
    for (at, id) in (0..).zip(ids) {
        let Some(view) = state.store.get(*id) else { continue };
        let (glyph, token) = theme.execution(view.status);
        let detail = usize::from(area.width).saturating_sub(2 + 13 + 2 + workflow + 2 + 8 + 2 + 2 + 7 + 1);
        let spans = vec![
            span(theme, token, text::fit(&format!("{glyph} {}", view.status), 13)),
            plain("  "),
            plain(text::fit(&view.workflow_id, workflow)),
            plain("  "),
            span(theme, Token::Muted, view.id.short()),
            plain("  "),
            span(theme, Token::Muted, text::fit(&trigger(view), detail)),
            plain(format!("  {}", text::right(&elapsed(view, state), 7))),
        ];
        row(buf, rows, at, spans, causes + usize::from(at) == screen.list.index());
    }
}
