//! Deliveries that were refused because the plan allows no more executions.

use tidemill_common::api::refused_delivery::RefusedDeliveryView;

use super::entry::{Cell, Column, Entry, Opens, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "refused deliveries",
    columns: &[
        Column::fixed("STATE", 9),
        Column::text("WORKFLOW", 14, 2),
        Column::text("TRIGGER", 14, 1),
        Column::fixed("USED UP", 10),
        Column::number("TIMES", 6),
        Column::number("CAME", 6),
    ],
    empty: &[
        "The plan has refused no delivery.",
        "What comes while the plan allows no more is kept here, and can be replayed.",
    ],
    hints: &[Action::Open, Action::Mark, Action::Replay, Action::TabRight, Action::Filter],
    scopes: &[Scope::Refused, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Editor,
};

/// The row of a delivery.
pub fn entry(delivery: &RefusedDeliveryView) -> Entry {
    let (state, token) = if delivery.replayed_at.is_some() { ("replayed", Token::Ok) } else { ("waits", Token::Warn) };
    let trigger = match &delivery.trigger_id {
        Some(id) => format!("{} {id}", delivery.trigger_type),
        None => delivery.trigger_type.clone(),
    };
    let entry = Entry::new(delivery.id.to_string(), "tidemill quota refused", delivery)
        .cells([
            Cell::text(state).with(token),
            Cell::text(&delivery.workflow_id),
            Cell::text(&trigger).with(Token::Muted),
            Cell::text(delivery.metric.as_str()),
            Cell::new(Value::Count(i64::from(delivery.times))),
            Cell::past(Some(delivery.at)),
        ])
        .marked("state", state, token)
        .fact("workflow", format!("{}, version {}", delivery.workflow_id, delivery.version))
        .fact("trigger", trigger)
        .fact("id", delivery.id.to_string())
        .fact("used up", delivery.metric.as_str())
        .fact("came", format!("{} times, first {}", delivery.times, moment(delivery.at)))
        .known("replayed", delivery.replayed_at.map(moment));
    match delivery.execution_id {
        Some(id) => entry.opens(Opens::Execution(id)),
        None => entry,
    }
}
