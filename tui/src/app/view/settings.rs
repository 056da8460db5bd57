//! Settings: a row each, with what it is set to and how it is changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pane::{plain, put, row, span};
use super::text;
use super::theme::{Theme, Token};
use crate::app::state::settings::{Said, Settings};
use crate::app::state::{State, geometry};

const LABEL: usize = 14;

/// Draws the rows.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, screen: &Settings, theme: Theme) {
    let width = usize::from(body.width);
    let value = (width / 4).clamp(22, 44);
    let about = width.saturating_sub(2 + LABEL + 2 + value + 2 + 1);
    let heading = format!("  {}  {}  {}", text::fit("SETTING", LABEL), text::fit("IS", value), "WHAT TO DO");
    put(buf, body, 0, vec![span(theme, Token::Head, heading)]);
    let rows = geometry::workflows_rows(body);
    let rows = Rect { width: body.width, ..rows };
    let selected = screen.list.selected().map(|setting| setting.said(state));
    let shown = screen.list.keys().iter().enumerate().skip(screen.list.offset()).take(usize::from(rows.height));
    for (at, (index, setting)) in (0..).zip(shown) {
        let Said { label, value: is, about: what, token, action } = setting.said(state);
        let label_token = if action.is_some() { Token::Accent } else { Token::Muted };
        let spans = vec![
            span(theme, label_token, text::fit(label, LABEL)),
            plain("  "),
            span(theme, token, text::fit(&is, value)),
            plain("  "),
            span(theme, Token::Muted, text::fit(&what, about)),
        ];
        row(buf, rows, at, spans, index == screen.list.index());
    }
    // The whole of what the row may have had to cut.
    let below = u16::try_from(screen.list.keys().len() + 1).unwrap_or(u16::MAX);
    if let Some(said) = selected {
        let parts = text::wrap(&format!("{}: {}", said.value, said.about), width.saturating_sub(4));
        for (at, part) in (below..rows.height).zip(parts) {
            put(buf, rows, at, vec![plain("  "), span(theme, Token::Head, part)]);
        }
    }
}
