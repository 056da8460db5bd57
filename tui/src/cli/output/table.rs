//! Rows as text: aligned for people, with tabs for programs.

use chrono::{DateTime, Utc};
use unicode_width::UnicodeWidthStr as _;

use super::{Cell, Paint, Row, Tone, plain_text};

/// How rows become text.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Whether wide columns are shown.
    pub wide: bool,
    /// Tabs and exact values in place of alignment and human ones.
    pub tabs: bool,
    /// Whether the first line names the columns.
    pub headers: bool,
    /// Colour, or none.
    pub paint: Paint,
    /// What ages are counted from.
    pub now: DateTime<Utc>,
}

/// `items` as lines, each ending in a newline.
#[must_use]
pub fn render<T: Row>(items: &[T], layout: Layout) -> String {
    let shown: Vec<bool> = T::COLUMNS.iter().map(|column| layout.wide || layout.tabs || !column.wide).collect();
    let keep = |cells: Vec<Cell>| -> Vec<Cell> {
        cells.into_iter().zip(&shown).filter_map(|(cell, shown)| shown.then_some(cell)).collect()
    };
    let mut lines: Vec<Vec<Cell>> = Vec::with_capacity(items.len() + 1);
    if layout.headers {
        lines.push(keep(T::COLUMNS.iter().map(|column| Cell::text(column.title).tone(Tone::Strong)).collect()));
    }
    lines.extend(items.iter().map(|item| keep(item.cells(layout.now))));
    if layout.tabs { tabbed(&lines) } else { aligned(&lines, layout.paint) }
}

fn tabbed(lines: &[Vec<Cell>]) -> String {
    lines
        .iter()
        .map(|cells| {
            let texts: Vec<_> = cells.iter().map(|cell| plain_text(&cell.exact)).collect();
            texts.join("\t") + "\n"
        })
        .collect()
}

fn aligned(lines: &[Vec<Cell>], paint: Paint) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|cells| plain_text(&cells[column].human).width()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for cells in lines {
        for (column, cell) in cells.iter().enumerate() {
            let human = plain_text(&cell.human);
            text.push_str(&paint.paint(cell.tone, &human));
            if column + 1 < columns {
                text.push_str(&" ".repeat(widths[column] - human.width() + 2));
            }
        }
        text.push('\n');
    }
    text
}
