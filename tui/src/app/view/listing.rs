//! A listing: columns as wide as there is room for, and the facts of the selected row beside or below.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::pane::{Row, instead, plain, put, row, say, span};
use super::theme::{Theme, Token};
use super::{aside, text};
use crate::app::state::listing::{Cell, Column, Entry, Listing, Value};
use crate::app::state::{State, geometry};

/// Between columns.
const GAP: u16 = 2;

/// Draws the list and, where there is room, the facts of the selected row.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, listing: &Listing, theme: Theme) {
    let (area, beside) = geometry::list(body);
    let spec = listing.subject.spec();
    let widths = widths(spec.columns, area.width);
    heading(buf, area, listing, &widths, theme);
    let rows = geometry::workflows_rows(body);
    let shown = listing.list.keys().iter().enumerate().skip(listing.list.offset()).take(usize::from(rows.height));
    for (at, (index, id)) in (0..).zip(shown) {
        if let Some(entry) = listing.get(id) {
            let look = Row { selected: index == listing.list.index(), marked: listing.list.is_marked(id) };
            row(buf, rows, at, spans(entry, spec.columns, &widths, (state.now, theme)), look);
        }
    }
    let empty = listing.list.keys().is_empty();
    if let Some(lines) = instead(&listing.load, empty, state.now, spec.noun, why_empty(listing)) {
        say(buf, rows, theme, &lines);
    }
    if let Some(beside) = beside {
        aside::entry(buf, beside, listing.selected(), theme);
    }
}

/// The width of each column; 0 for one that is not shown.
fn widths(columns: &[Column], width: u16) -> Vec<u16> {
    let shown = |column: &Column| column.from <= width;
    let least: u16 = columns.iter().filter(|column| shown(column)).map(|column| column.width + GAP).sum();
    let rest = width.saturating_sub(least + 1);
    let shares: u16 = columns.iter().filter(|column| shown(column)).map(|column| column.grow).sum();
    let of = |column: &Column| column.width + (rest * column.grow).checked_div(shares).unwrap_or(0);
    columns.iter().map(|column| if shown(column) { of(column) } else { 0 }).collect()
}

fn heading(buf: &mut Buffer, area: Rect, listing: &Listing, widths: &[u16], theme: Theme) {
    let mut spans = vec![plain("  ")];
    for (at, (column, width)) in listing.subject.spec().columns.iter().zip(widths).enumerate() {
        if *width == 0 {
            continue;
        }
        let arrow = match listing.sort.filter(|sort| sort.column == at) {
            Some(sort) if sort.falling => theme.pick(" ▾", " v"),
            Some(_) => theme.pick(" ▴", " ^"),
            None => "",
        };
        let title = format!("{}{arrow}", column.title);
        let width = usize::from(*width);
        let title = if column.right { text::right(&title, width) } else { text::fit(&title, width) };
        spans.extend([span(theme, Token::Head, title), plain("  ")]);
    }
    put(buf, area, 0, spans);
}

fn spans(entry: &Entry, columns: &[Column], widths: &[u16], look: (DateTime<Utc>, Theme)) -> Vec<Span<'static>> {
    let (now, theme) = look;
    let mut spans = Vec::new();
    for ((cell, column), width) in entry.cells.iter().zip(columns).zip(widths) {
        if *width == 0 {
            continue;
        }
        let (words, width) = (words(cell, now), usize::from(*width));
        let words = if column.right { text::right(&words, width) } else { text::fit(&words, width) };
        spans.push(match cell.token {
            Some(token) => span(theme, token, words),
            None => plain(words),
        });
        spans.push(plain("  "));
    }
    spans
}

/// A cell in words.
fn words(cell: &Cell, now: DateTime<Utc>) -> String {
    match &cell.value {
        Value::None => "-".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Count(count) => usize::try_from(*count).map_or_else(|_| count.to_string(), text::number),
        Value::Millis(millis) => text::duration(TimeDelta::milliseconds(*millis)),
        Value::Share(share) => format!("{:.1}%", share * 100.0),
        Value::Past(at) => text::ago(*at, now),
        Value::Next(at) if *at <= now => "due".to_owned(),
        Value::Next(at) => text::growing(*at - now),
    }
}

fn why_empty(listing: &Listing) -> Vec<String> {
    let spec = listing.subject.spec();
    if listing.filter.is_empty() || listing.entries().is_empty() {
        return spec.empty.iter().map(|&line| line.to_owned()).collect();
    }
    let all = text::number(listing.entries().len());
    vec![format!("None of the {all} {} matches /{}", spec.noun, listing.filter), "Esc clears the filter, / changes it.".into()]
}
