//! What the organization used, period by period.

use tidemill_common::api::plan::Metric;
use tidemill_common::api::quota::UsageView;

use super::entry::{Cell, Column, Entry, Value, moment};
use super::quota::words;
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "usage",
    columns: &[
        Column::text("PERIOD FROM", 12, 1),
        Column::number("EXECUTIONS", 14),
        Column::number("EVENTS", 16),
        Column::number("CODE SECONDS", 16),
    ],
    empty: &["Nothing was used yet.", "Each period of the plan adds a row here; gq shows the present one."],
    hints: &[Action::TabLeft, Action::TabRight, Action::Sort, Action::YankJson],
    scopes: &[Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    changes: Need::Organization,
};

/// The row of a period.
#[expect(clippy::cast_possible_truncation, reason = "whole seconds are enough on the screen")]
pub fn entry(usage: &UsageView) -> Entry {
    let seconds = usage.code_seconds.round() as i64;
    let amount = |metric, amount| Cell::new(Value::Amount(amount, words(metric, amount)));
    let from = usage.period_start.format("%Y-%m-%d").to_string();
    Entry::new(&from, "tidemill quota usage", usage)
        .cells([
            Cell::text(&from),
            amount(Metric::Executions, usage.executions),
            amount(Metric::Events, usage.events).with(Token::Muted),
            amount(Metric::CodeSeconds, seconds).with(Token::Muted),
        ])
        .fact("from", moment(usage.period_start))
        .fact("executions", words(Metric::Executions, usage.executions))
        .fact("events", words(Metric::Events, usage.events))
        .fact("code", words(Metric::CodeSeconds, seconds))
}
