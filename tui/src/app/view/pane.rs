//! Lines and rows, and what a pane says when it has nothing to show: why, and what to do.

use chrono::{DateTime, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::text;
use super::theme::{SELECTED, Theme, Token};
use crate::app::state::load::Load;

/// How long loading says nothing, in milliseconds: most answers come sooner.
const QUIET: i64 = 150;

/// A span in the style of `token`.
pub fn span(theme: Theme, token: Token, text: impl Into<String>) -> Span<'static> {
    Span::styled(text.into(), theme.style(token))
}

/// A span without style.
pub fn plain(text: impl Into<String>) -> Span<'static> {
    Span::raw(text.into())
}

/// Writes a line into row `row` of `area`, if that is within it.
pub fn put(buf: &mut Buffer, area: Rect, row: u16, spans: Vec<Span<'static>>) {
    if row < area.height {
        buf.set_line(area.x, area.y + row, &lean(spans), area.width);
    }
}

/// A line whose blanks have no colour: they would be sent one by one, where blanks without a style need not be sent at all.
fn lean(spans: Vec<Span<'static>>) -> Line<'static> {
    let mut line = Line::default();
    for span in spans {
        let shows = span.style.bg.is_some() || span.style.add_modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED);
        let ink = span.content.trim_matches(' ');
        if shows || ink.len() == span.content.len() {
            line.push_span(span);
            continue;
        }
        let before = span.content.len() - span.content.trim_start_matches(' ').len();
        let after = span.content.len() - before - ink.len();
        line.push_span(" ".repeat(before));
        line.push_span(Span::styled(ink.to_owned(), span.style));
        line.push_span(" ".repeat(after));
    }
    line
}

/// Writes a line to the right end of row `row`; returns where it begins.
pub fn put_right(buf: &mut Buffer, area: Rect, row: u16, spans: Vec<Span<'static>>) -> u16 {
    let line = lean(spans);
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX).min(area.width);
    let x = area.right() - width;
    if row < area.height {
        buf.set_line(x, area.y + row, &line, width);
    }
    x
}

/// Tabs side by side in the first row, the open one reversed.
pub fn tabs<'a>(buf: &mut Buffer, area: Rect, labels: impl IntoIterator<Item = (&'a str, bool)>, theme: Theme) {
    let mut spans = vec![plain(" ")];
    for (label, open) in labels {
        let mut label = span(theme, if open { Token::Head } else { Token::Muted }, format!("[{label}]"));
        if open {
            label.style = label.style.add_modifier(Modifier::REVERSED);
        }
        spans.extend([label, plain(" ")]);
    }
    put(buf, area, 0, spans);
}

/// How a row of a list stands out.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Whether the cursor is on it.
    pub selected: bool,
    /// Whether it is marked.
    pub marked: bool,
}

impl From<bool> for Row {
    fn from(selected: bool) -> Self {
        Self { selected, marked: false }
    }
}

/// Writes a row of a list; the selected one is reversed over its whole width, and has a mark where colours are none.
pub fn row(buf: &mut Buffer, area: Rect, row: u16, mut spans: Vec<Span<'static>>, look: impl Into<Row>) {
    if row >= area.height {
        return;
    }
    let Row { selected, marked } = look.into();
    if selected {
        for span in &mut spans {
            span.style = SELECTED;
        }
        buf.set_style(Rect { y: area.y + row, height: 1, ..area }, SELECTED);
    }
    let mark = match (marked, selected) {
        (true, true) => "*>",
        (true, false) => "* ",
        (false, true) => " >",
        (false, false) => "  ",
    };
    let style = if selected { SELECTED } else { Style::new().add_modifier(Modifier::BOLD) };
    spans.insert(0, Span::styled(mark, style));
    put(buf, area, row, spans);
}

/// What a list says instead of rows; `None` when it has rows or has just begun to load.
pub fn instead(
    load: &Load,
    is_empty: bool,
    now: DateTime<Utc>,
    what: &str,
    empty: Vec<String>,
) -> Option<Vec<(Token, String)>> {
    match load {
        Load::Failed(failure) if is_empty => Some(failed(what, failure)),
        Load::Ready if is_empty => Some(empty.into_iter().map(|line| (Token::Muted, line)).collect()),
        Load::Loading(since) if is_empty => {
            let waited = now - *since;
            let quiet = waited.num_milliseconds() < QUIET;
            let line = format!("loading {what}… {}", text::growing(waited));
            Some(if quiet { Vec::new() } else { vec![(Token::Muted, line), (Token::Muted, "^r tries anew".into())] })
        }
        _ => None,
    }
}

fn failed(what: &str, failure: &crate::app::event::Failure) -> Vec<(Token, String)> {
    let mut lines =
        vec![(Token::Err, format!("{what} can't be read: {}", failure.code)), (Token::Head, failure.message.clone())];
    if let Some(request) = &failure.request_id {
        lines.push((Token::Muted, format!("request {request} finds it in the server's log")));
    }
    lines.push((Token::Muted, "^r tries again".into()));
    lines
}

/// Writes lines in the upper part of a pane, wrapped.
pub fn say(buf: &mut Buffer, area: Rect, theme: Theme, lines: &[(Token, String)]) {
    let width = usize::from(area.width.saturating_sub(4)).max(1);
    let mut at = 1;
    for (token, line) in lines {
        for part in text::wrap(line, width) {
            put(buf, area, at, vec![plain("   "), span(theme, *token, part)]);
            at += 1;
        }
    }
}
