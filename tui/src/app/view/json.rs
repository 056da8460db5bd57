//! JSON in a pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::pane::{plain, put, span};
use super::text;
use super::theme::{SELECTED, Theme, Token};
use crate::app::state::json::{Folded, Kind, lines};

/// From which line on a value is drawn, what is hidden in it, and the line under the cursor if it is to be seen.
pub struct Place<'a> {
    /// The first line.
    pub scroll: usize,
    /// The paths of what is hidden.
    pub folded: &'a Folded,
    /// The line under the cursor.
    pub cursor: Option<usize>,
}

/// Draws the lines of `value`.
pub fn draw(buf: &mut Buffer, area: Rect, value: &Value, place: &Place<'_>, theme: Theme) {
    let shown = lines(value, place.folded, place.scroll, usize::from(area.height));
    for (row, line) in (0..).zip(shown) {
        let mut spans = vec![plain(format!(" {}", "  ".repeat(line.depth.min(40))))];
        let mut room = usize::from(area.width).saturating_sub(2 + line.depth.min(40) * 2);
        if let Some(key) = &line.key {
            let key = text::cut(&format!("{}: ", Value::from(key.as_str())), room);
            room = room.saturating_sub(key.chars().count());
            spans.push(span(theme, Token::Accent, key));
        }
        let comma = if line.comma { "," } else { "" };
        let value = text::cut(&format!("{}{comma}", line.text), room);
        spans.push(match line.kind {
            Kind::Text => span(theme, Token::Ok, value),
            Kind::Number => span(theme, Token::Warn, value),
            Kind::Word => span(theme, Token::Wait, value),
            Kind::Bracket => plain(value),
        });
        put(buf, area, row, spans);
        if place.cursor == Some(place.scroll + usize::from(row)) {
            buf.set_style(Rect { y: area.y + row, height: 1, ..area }, SELECTED);
        }
    }
}
