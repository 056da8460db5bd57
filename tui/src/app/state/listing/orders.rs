//! Orders about many executions at once, and how far each has come.

use tidemill_common::api::bulk::{BulkState, BulkView};

use super::entry::{Cell, Column, Entry, Value, moment};
use super::quota::ratio;
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The server counts no further.
const COUNTED: u32 = 10_000;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "bulk orders",
    columns: &[
        Column::fixed("WHAT", 7),
        Column::fixed("STATE", 9),
        Column::text("PROGRESS", 10, 2),
        Column::number("FIT", 8),
        Column::number("DONE", 8),
        Column::number("SKIPPED", 8),
        Column::text("BY", 7, 1),
        Column::number("GIVEN", 6),
    ],
    empty: &[
        "No order about many executions was given yet.",
        "In the executions (2) B cancels or retries every one that passes the filter, however many there are.",
    ],
    hints: &[Action::Cancel, Action::Sort, Action::Filter],
    scopes: &[Scope::Orders, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Editor,
};

/// The row of an order.
pub fn entry(order: &BulkView) -> Entry {
    let (state, token) = match order.state {
        BulkState::DryRun => ("dry run", Token::Muted),
        BulkState::Running => ("running", Token::Run),
        BulkState::Finished => ("finished", Token::Ok),
        BulkState::Stopped => ("stopped", Token::Warn),
    };
    let dealt = order.done + order.skipped;
    let fit = order.count.map(|count| if count >= COUNTED { format!("{COUNTED}+") } else { count.to_string() });
    // Only the answer to an order says how many fit: afterwards it is known when all are dealt with.
    let share = match (order.state, order.count) {
        (BulkState::Finished, _) => Value::Bar(1.0),
        (_, Some(count)) if count > 0 => Value::Bar(ratio(dealt, i64::from(count))),
        _ => Value::None,
    };
    Entry::new(order.id.to_string(), "tidemill bulk list", order)
        .cells([
            Cell::text(order.action.as_str()),
            Cell::text(state).with(token),
            Cell::new(share).with(token),
            Cell::new(Value::Amount(order.count.map_or(0, i64::from), fit.clone().unwrap_or_else(|| "-".into()))),
            Cell::new(Value::Count(order.done)),
            Cell::new(Value::Count(order.skipped)).with(Token::Muted),
            Cell::text(&order.by).with(Token::Muted),
            Cell::past(Some(order.created_at)),
        ])
        .fact("what", order.action.as_str())
        .fact("id", order.id.to_string())
        .marked("state", state, token)
        .known("fit", fit)
        .fact("done", order.done.to_string())
        .fact("skipped", format!("{}: they ended meanwhile, or can't be tried again", order.skipped))
        .fact("by", &order.by)
        .fact("given", moment(order.created_at))
        .known("ended", order.finished_at.map(moment))
}
