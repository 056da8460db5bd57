//! The keys that complete a sequence, when there are more than fit in the line of hints.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use super::chrome;
use super::pane::{plain, put, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::State;
use crate::app::state::geometry::Frame;

/// Between two columns.
const GAP: usize = 3;

/// Draws them over the lower end of the body, in as many columns as fit.
pub fn draw(buf: &mut Buffer, areas: &Frame, state: &State, theme: Theme) {
    if state.pending.is_empty() {
        return;
    }
    let pairs = chrome::completions(state);
    let lengths = pairs.iter().map(|(key, label)| key.chars().count() + 1 + label.chars().count());
    let width = usize::from(areas.body.width).saturating_sub(2);
    if lengths.clone().map(|length| length + 2).sum::<usize>() + 8 <= width {
        return;
    }
    let column = lengths.max().unwrap_or(1) + GAP;
    let columns = (width / column).max(1);
    let rows = pairs.len().div_ceil(columns);
    let height = u16::try_from(rows + 1).unwrap_or(u16::MAX).min(areas.body.height);
    let area = Rect { y: areas.body.bottom() - height, height, ..areas.body };
    Clear.render(area, buf);
    put(buf, area, 0, vec![span(theme, Token::Muted, theme.pick("─", "-").repeat(usize::from(area.width)))]);
    for (row, at) in (0..rows).zip(1..height) {
        let mut spans = vec![plain(" ")];
        for (key, label) in pairs.iter().skip(row).step_by(rows) {
            let rest = column.saturating_sub(key.chars().count() + 1);
            spans.push(span(theme, Token::Accent, key.clone()));
            spans.push(span(theme, Token::Muted, format!(" {}", text::fit(label, rest))));
        }
        put(buf, area, at, spans);
    }
}
