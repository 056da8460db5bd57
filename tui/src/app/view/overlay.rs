//! What lies over a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget as _};

use super::form;
use super::link::link;
use super::pane::{plain, put, put_right, row, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::State;
use crate::app::state::geometry::Frame;
use crate::app::state::line::Line;
use crate::app::state::overlay::{Item, Note, Overlay, Picker, PickerKind};

const FILTER_HELP: &str = "words  status:failed  wf:name*  trigger:webhook  since:24h  !not  enter keeps";

/// Draws an overlay.
pub fn draw(buf: &mut Buffer, areas: &Frame, state: &State, overlay: &Overlay, theme: Theme) {
    match overlay {
        Overlay::Picker(open) => picker(buf, areas, open, theme),
        Overlay::Messages(first) => messages(buf, areas, state, *first, theme),
        Overlay::Confirm(question) => {
            // What takes the answer is always in view.
            let words = text::cut(&question.question, usize::from(areas.message.width).saturating_sub(9));
            let spans = vec![span(theme, Token::Warn, format!(" ? {words}  ")), span(theme, Token::Head, "y/N")];
            prompt(buf, areas, spans, (Token::Muted, "y does it   any other key does nothing"), theme);
        }
        Overlay::Filter(line, error) => {
            let mut spans = vec![span(theme, Token::Accent, " /")];
            let room = usize::from(areas.message.width).saturating_sub(3);
            spans.extend(edited(line, room, theme));
            prompt(buf, areas, spans, note(error.as_deref(), FILTER_HELP), theme);
        }
        Overlay::Form(open) => {
            let inside =
                window(buf, &lower(areas, form::height(open, areas.body.width)), &open.title, border(state, theme), theme);
            form::draw(buf, inside, open, theme);
        }
        Overlay::Note(open) => note_window(buf, areas, open, theme),
    }
}

/// What changes a protected context has a frame that says so.
fn border(state: &State, theme: Theme) -> Style {
    let token = if state.place.protected.is_some() { Token::Err } else { Token::Accent };
    theme.style(token)
}

/// The areas with a body that is only `height` rows high, at its lower end: what is asked about stays in view.
fn lower(areas: &Frame, height: u16) -> Frame {
    let height = height.min(areas.body.height);
    Frame { body: Rect { y: areas.body.bottom() - height, height, ..areas.body }, ..*areas }
}

fn note_window(buf: &mut Buffer, areas: &Frame, open: &Note, theme: Theme) {
    let width = usize::from(areas.body.width).min(110).saturating_sub(5);
    let lines: usize = open.lines.iter().map(|(_, line)| text::wrap_indented(line, width).len()).sum();
    let areas = &lower(areas, u16::try_from(lines + 4).unwrap_or(u16::MAX));
    let inside = window(buf, areas, &open.title, theme.style(Token::Accent), theme);
    let width = usize::from(inside.width).saturating_sub(3);
    let parts = open.lines.iter().skip(open.scroll).flat_map(|(token, line)| {
        let parts = text::wrap_indented(line, width).into_iter();
        parts.map(move |part| (*token, part, line))
    });
    for (at, (token, part, line)) in (1..inside.height).zip(parts) {
        put(buf, inside, at, vec![plain("  "), span(theme, token, part)]);
        // A line that is an address is a link, each part of it to the whole.
        if line.starts_with("http") {
            link(
                buf,
                Rect { x: inside.x + 2, y: inside.y + at, width: inside.width.saturating_sub(3), height: 1 },
                line,
                theme,
            );
        }
    }
}

/// What is wrong, or else how it is done.
fn note<'a>(wrong: Option<&'a str>, how: &'a str) -> (Token, &'a str) {
    wrong.map_or((Token::Muted, how), |wrong| (Token::Err, wrong))
}

/// Two lines at the bottom: what is asked or edited, and how, or what is wrong with it.
fn prompt(buf: &mut Buffer, areas: &Frame, spans: Vec<Span<'static>>, note: (Token, &str), theme: Theme) {
    Clear.render(areas.message, buf);
    Clear.render(areas.hints, buf);
    put(buf, areas.message, 0, spans);
    let (token, line) = note;
    let line = text::cut(line, usize::from(areas.hints.width).saturating_sub(2));
    put(buf, areas.hints, 0, vec![span(theme, token, format!(" {line}"))]);
}

/// The text with the character under the cursor reversed; of a long one the part around the cursor.
pub fn edited(line: &Line, room: usize, theme: Theme) -> Vec<Span<'static>> {
    let (before, under, after) = line.parts();
    let under = if under.is_empty() { " " } else { under };
    let hidden = before.chars().count().saturating_sub(room.saturating_sub(2));
    let before: String = before.chars().skip(hidden).collect();
    vec![
        plain(text::cut(&before, usize::MAX)),
        Span::styled(text::cut(under, usize::MAX), theme.style(Token::Accent).add_modifier(Modifier::REVERSED)),
        plain(text::cut(after, room.saturating_sub(before.chars().count() + 1))),
    ]
}

/// A box over the middle of the body; returns its inside.
fn window(buf: &mut Buffer, areas: &Frame, title: &str, style: Style, theme: Theme) -> Rect {
    let width = if areas.body.width < 114 { areas.body.width } else { 110 };
    let area = Rect { x: (areas.body.width - width) / 2, width, ..areas.body };
    Clear.render(area, buf);
    let (h, v) = (theme.pick("─", "-"), theme.pick("│", "|"));
    let (corners, inner) = (theme.pick(["╭", "╮", "╰", "╯"], ["+", "+", "+", "+"]), usize::from(width) - 2);
    let title = text::cut(title, inner - 4);
    let rest = h.repeat(inner.saturating_sub(title.chars().count() + 3));
    let top = format!("{}{h} {title} {rest}{}", corners[0], corners[1]);
    let bottom = format!("{}{}{}", corners[2], h.repeat(inner), corners[3]);
    put(buf, area, 0, vec![Span::styled(top, style)]);
    for row in 1..area.height - 1 {
        put(buf, area, row, vec![Span::styled(v, style)]);
        put_right(buf, area, row, vec![Span::styled(v, style)]);
    }
    put(buf, area, area.height - 1, vec![Span::styled(bottom, style)]);
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

fn picker(buf: &mut Buffer, areas: &Frame, open: &Picker, theme: Theme) {
    let (title, prompt) = match open.kind {
        PickerKind::Sort => ("order by", " s"),
        PickerKind::Views => ("views of the executions", " V"),
        PickerKind::Columns => ("columns of the executions", " c"),
        PickerKind::Palette => ("go to, or do", " :"),
        PickerKind::Help => ("keys that work here: enter runs one, typing searches", " ?"),
    };
    let inside = window(buf, areas, title, theme.style(Token::Accent), theme);
    let mut line = vec![span(theme, Token::Accent, prompt)];
    line.extend(edited(&open.query, usize::from(inside.width).saturating_sub(4), theme));
    put(buf, inside, 0, line);
    let matches = open.matches();
    let rows = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
    let height = usize::from(rows.height);
    let first = (open.cursor + 1).saturating_sub(height);
    for (at, (index, item)) in (0..).zip(matches.iter().enumerate().skip(first).take(height)) {
        row(buf, rows, at, item_spans(item, usize::from(rows.width), theme), index == open.cursor);
    }
    if let Some(item) = matches.get(open.cursor) {
        // The whole of what the row may have had to cut.
        Clear.render(areas.message, buf);
        let about = text::cut(&about(item), usize::from(areas.message.width).saturating_sub(2));
        put(buf, areas.message, 0, vec![plain(format!(" {about}"))]);
    } else {
        put(buf, rows, 1, vec![span(theme, Token::Muted, "  nothing matches; esc closes")]);
    }
}

/// What an item does, or why it can't now.
fn about(item: &Item) -> String {
    item.disabled.as_ref().map_or_else(|| item.about.clone(), |why| format!("not now: {why}"))
}

fn item_spans(item: &Item, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let token = if item.disabled.is_some() { Token::Muted } else { Token::Head };
    let room = width.saturating_sub(2 + 10 + 2 + 18 + 2 + 1);
    vec![
        span(theme, Token::Accent, text::fit(&item.keys, 10)),
        plain("  "),
        span(theme, token, text::fit(&item.name, 18)),
        plain("  "),
        span(theme, Token::Muted, text::fit(&about(item), room)),
    ]
}

fn messages(buf: &mut Buffer, areas: &Frame, state: &State, first: usize, theme: Theme) {
    let inside = window(buf, areas, "messages, newest first", theme.style(Token::Accent), theme);
    let width = usize::from(inside.width).saturating_sub(14);
    for (row, toast) in (0..).zip(state.toasts.newest_first().skip(first).take(usize::from(inside.height))) {
        let time = span(theme, Token::Muted, format!(" {}  ", toast.at.format("%H:%M:%S")));
        put(buf, inside, row, vec![time, plain(text::cut(&toast.text, width))]);
    }
    if state.toasts.newest_first().next().is_none() {
        put(buf, inside, 1, vec![span(theme, Token::Muted, "  no messages yet; esc closes")]);
    }
}
