//! A form over a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

use super::overlay::edited;
use super::pane::{plain, put, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::form::{Entry, Field, Form};

/// Width of the names of fields.
const LABEL: usize = 16;

/// How many rows a form takes with its frame, on a screen of `width` columns.
pub fn height(form: &Form, width: u16) -> u16 {
    let width = usize::from(width).min(110).saturating_sub(5);
    let notes: usize = form.notes.iter().map(|note| text::wrap(note, width).len()).sum();
    let rows = notes + usize::from(notes > 0) + form.fields.len() + 6;
    u16::try_from(rows).unwrap_or(u16::MAX)
}

/// Draws the fields, what to know before sending them, and how it is done.
pub fn draw(buf: &mut Buffer, inside: Rect, form: &Form, theme: Theme) {
    let width = usize::from(inside.width).saturating_sub(3);
    let mut at = 0;
    for note in &form.notes {
        for part in text::wrap(note, width) {
            put(buf, inside, at, vec![plain(" "), span(theme, Token::Warn, part)]);
            at += 1;
        }
    }
    at += u16::from(!form.notes.is_empty());
    // With more fields than rows, those around the cursor are shown.
    let room = usize::from(inside.height).saturating_sub(usize::from(at) + 4).max(1);
    let first = (form.at + 1).saturating_sub(room);
    for (index, field) in form.fields.iter().enumerate().skip(first).take(room) {
        let here = index == form.at;
        let token = if here { Token::Accent } else { Token::Muted };
        let mut spans = vec![plain(" "), span(theme, token, text::fit(&field.label, LABEL)), plain(" ")];
        spans.extend(value(field, here, width.saturating_sub(LABEL + 1), theme));
        put(buf, inside, at, spans);
        at += 1;
    }
    if let Some(field) = form.fields.get(form.at) {
        let help = match &form.error {
            Some(error) => span(theme, Token::Err, text::cut(error, width)),
            None => span(theme, Token::Muted, text::cut(&field.help, width)),
        };
        put(buf, inside, at + 1, vec![plain(" "), help]);
    }
    let how = if form.at + 1 >= form.fields.len() { "enter sends" } else { "enter next field" };
    let keys = format!("{how}   tab, backtab move   esc does nothing");
    put(buf, inside, inside.height.saturating_sub(1), vec![plain(" "), span(theme, Token::Muted, keys)]);
}

fn value(field: &Field, here: bool, room: usize, theme: Theme) -> Vec<Span<'static>> {
    match &field.entry {
        Entry::Choice(words) => choice(field, words, here, theme),
        Entry::Hidden => {
            let stars = theme.pick("•", "*").repeat(field.line.text().chars().count().min(room));
            let cursor = if here {
                vec![Span::styled(" ", theme.style(Token::Accent).add_modifier(Modifier::REVERSED))]
            } else {
                vec![]
            };
            std::iter::once(plain(stars)).chain(cursor).collect()
        }
        _ if here => edited(&field.line, room, theme),
        _ => vec![plain(text::cut(field.line.text(), room))],
    }
}

fn choice(field: &Field, words: &[String], here: bool, theme: Theme) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    for word in words {
        let chosen = word == field.line.text();
        let mut label = span(theme, if chosen { Token::Head } else { Token::Muted }, format!(" {word} "));
        if chosen && here {
            label.style = label.style.add_modifier(Modifier::REVERSED);
        }
        let mark = if chosen { theme.pick("●", "*") } else { " " };
        spans.extend([plain(mark), label]);
    }
    spans
}
