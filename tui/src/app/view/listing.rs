//! A listing: columns as wide as there is room for, and the facts of the selected row beside or below.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::pane::{Row, instead, plain, put, row, say, span, tabs};
use super::theme::{Theme, Token};
use super::{aside, text};
use crate::app::state::listing::{Cell, Column, Entry, Listing, Value};
use crate::app::state::load::Load;
use crate::app::state::{Root, State, geometry};

/// Between columns.
const GAP: u16 = 2;

/// Draws the list and, where there is room, the facts of the selected row.
pub fn draw(buf: &mut Buffer, body: Rect, state: &State, listing: &Listing, theme: Theme) {
    let above = listing.above();
    let (area, beside) = geometry::listing(body, above);
    head(buf, body, listing, theme);
    let spec = listing.subject.spec();
    let widths = widths(spec.columns, area.width);
    heading(buf, area, listing, &widths, theme);
    let rows = geometry::listing_rows(body, above);
    let shown = listing.list.keys().iter().enumerate().skip(listing.list.offset()).take(usize::from(rows.height));
    for (at, (index, id)) in (0..).zip(shown) {
        if let Some(entry) = listing.get(id) {
            let look = Row { selected: index == listing.list.index(), marked: listing.list.is_marked(id) };
            row(buf, rows, at, spans(entry, spec.columns, &widths, (state.now, theme)), look);
        }
    }
    let empty = listing.list.keys().is_empty();
    if let Some(mut lines) = instead(&listing.load, empty, state.now, spec.noun, why_empty(listing)) {
        if let (Load::Failed(_), Some(why)) = (&listing.load, spec.reads.refusal(state.account.as_ref())) {
            lines.insert(
                1,
                (Token::Warn, format!("{why}. Who can change that: gp, in the workspace {}.", state.place.workspace)),
            );
        }
        say(buf, rows, theme, &lines);
    }
    if let Some(beside) = beside {
        aside::entry(buf, beside, state, listing.selected(), theme);
    }
}

/// The tabs of the family, and what is said of all rows.
fn head(buf: &mut Buffer, body: Rect, listing: &Listing, theme: Theme) {
    let mut at = 0;
    if let Some(root) = Root::of(&listing.subject).filter(|root| !root.family().is_empty()) {
        tabs(buf, body, root.family().iter().map(|other| (other.name(), *other == root)), theme);
        at = 1;
    }
    for (token, line) in &listing.banner {
        let line = text::cut(line, usize::from(body.width).saturating_sub(3));
        put(buf, body, at, vec![plain("  "), span(theme, *token, line)]);
        at += 1;
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
        let width = usize::from(*width);
        let words = match &cell.value {
            Value::Bar(share) => text::bar(*share, width, theme.pick(["▓", "░"], ["#", "."])),
            _ => words(cell, now),
        };
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
        Value::Text(text) | Value::Amount(_, text) => text.clone(),
        Value::Bar(share) => format!("{:.0}%", share * 100.0),
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
