//! JSON in a pane.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::pane::{plain, put, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::json::{Kind, lines};

/// Draws the lines of `value` from line `scroll` on.
pub fn draw(buf: &mut Buffer, area: Rect, value: &Value, scroll: usize, theme: Theme) {
    for (row, line) in (0..).zip(lines(value, scroll, usize::from(area.height))) {
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
    }
}
