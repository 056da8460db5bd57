//! The organization's invoices, and what happened to its plan.

use tidemill_common::api::billing::{BillingEventView, InvoiceState, InvoiceView};

use super::entry::{Cell, Column, Entry, Value, moment};
use super::plans::money;
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The invoices.
pub const SPEC: Spec = Spec {
    noun: "invoices",
    columns: &[
        Column::number("NUMBER", 7),
        Column::fixed("STATE", 8),
        Column::number("TOTAL", 14),
        Column::text("PERIOD", 23, 1),
        Column::number("MADE", 6),
        Column::number("DUE IN", 7),
    ],
    empty: &["There is no invoice.", "Plans that cost something are invoiced when their period begins."],
    hints: &[Action::Open, Action::Save, Action::Pay, Action::TabRight, Action::Sort, Action::YankJson],
    scopes: &[Scope::Invoices, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Organization,
    changes: Need::Organization,
};

/// What happened.
pub const EVENTS: Spec = Spec {
    noun: "billing history",
    columns: &[
        Column::number("WHEN", 6),
        Column::text("WHAT", 16, 1),
        Column::fixed("PLAN", 12),
        Column::number("AMOUNT", 14),
        Column::text("DETAIL", 20, 3),
    ],
    empty: &["Nothing happened to the plan of this organization yet."],
    hints: &[Action::TabRight, Action::Filter, Action::YankJson],
    scopes: &[Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Organization,
    changes: Need::Organization,
};

/// The row of an invoice.
pub fn entry(invoice: &InvoiceView) -> Entry {
    let (state, token) = match invoice.state {
        InvoiceState::Open => ("open", Token::Warn),
        InvoiceState::Overdue => ("overdue", Token::Err),
        InvoiceState::Paid => ("paid", Token::Ok),
        InvoiceState::Void => ("void", Token::Muted),
    };
    let total = money(invoice.total_cents, &invoice.currency);
    let period = format!("{} to {}", invoice.period_start.format("%Y-%m-%d"), invoice.period_end.format("%Y-%m-%d"));
    let due = matches!(invoice.state, InvoiceState::Open | InvoiceState::Overdue).then_some(invoice.due_at);
    let mut entry = Entry::new(invoice.id.to_string(), format!("tidemill billing invoice {}", invoice.id), invoice)
        .cells([
            Cell::new(Value::Amount(invoice.number, invoice.number.to_string())),
            Cell::text(state).with(token),
            Cell::new(Value::Amount(invoice.total_cents, total.clone())),
            Cell::text(&period).with(Token::Muted),
            Cell::past(Some(invoice.at)),
            Cell::next(due),
        ])
        .fact("number", invoice.number.to_string())
        .fact("id", invoice.id.to_string())
        .marked("state", state, token)
        .fact("period", period);
    for line in &invoice.lines {
        entry = entry.fact("for", format!("{}: {}", line.text, money(line.cents, &invoice.currency)));
    }
    entry
        .fact("total", total)
        .fact("made", moment(invoice.at))
        .fact("due", moment(invoice.due_at))
        .known("paid", invoice.paid_at.map(moment))
}

/// The row of what happened.
pub fn event(event: &BillingEventView) -> Entry {
    let amount = event.amount_cents.map(|cents| (cents, money(cents, event.currency.as_deref().unwrap_or_default())));
    let token = match event.kind.as_str() {
        "payment_failed" | "payment_overdue" | "lapsed" => Token::Err,
        "payment_succeeded" => Token::Ok,
        "cancel_ordered" | "downgrade_ordered" | "cancelled" => Token::Warn,
        _ => Token::Head,
    };
    Entry::new(event.id.to_string(), "tidemill billing history", event)
        .cells([
            Cell::past(Some(event.at)),
            Cell::text(event.kind.replace('_', " ")).with(token),
            Cell::text(&event.plan),
            Cell::new(amount.clone().map_or(Value::None, |(cents, words)| Value::Amount(cents, words))),
            Cell::some(event.detail.as_ref()),
        ])
        .fact("when", moment(event.at))
        .marked("what", event.kind.replace('_', " "), token)
        .fact("plan", &event.plan)
        .known("amount", amount.map(|(_, words)| words))
        .known("detail", event.detail.as_ref())
}
