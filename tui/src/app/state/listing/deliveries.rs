//! What a subscription was told, and what became of it.

use tidemill_common::api::subscription::{SubscriptionDeliveryPage, SubscriptionDeliveryState, SubscriptionDeliveryView};

use super::entry::{Cell, Column, Entry, Line, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "deliveries",
    columns: &[
        Column::fixed("STATE", 9),
        Column::text("EVENT", 15, 1),
        Column::number("TRIES", 5),
        Column::number("STATUS", 6),
        Column::number("TIME", 6),
        Column::text("ERROR", 10, 3),
        Column::number("NEXT", 7),
        Column::number("AGE", 5),
    ],
    empty: &["It was told of nothing yet.", "t in the list of subscriptions delivers the event `test`."],
    hints: &[Action::Open, Action::Redeliver, Action::Mark, Action::Filter, Action::YankJson],
    scopes: &[Scope::Deliveries, Scope::List, Scope::Global],
    reads: Need::Editor,
    changes: Need::Editor,
};

/// The row of a delivery of the subscription called `subscription`.
pub fn entry(subscription: &str, delivery: &SubscriptionDeliveryView) -> Entry {
    let token = match delivery.state {
        SubscriptionDeliveryState::Waiting => Token::Wait,
        SubscriptionDeliveryState::Delivered => Token::Ok,
        SubscriptionDeliveryState::Failed => Token::Err,
    };
    let status = delivery.status.map_or(Value::None, |status| Value::Amount(i64::from(status), status.to_string()));
    let took = delivery.duration_ms.map_or(Value::None, |millis| Value::Millis(i64::from(millis)));
    let error = delivery.error.as_deref().unwrap_or_default();
    Entry::new(delivery.id.to_string(), format!("tidemill subscription deliveries {subscription}"), delivery)
        .cells([
            Cell::text(delivery.state.as_str()).with(token),
            Cell::text(&delivery.event),
            Cell::new(Value::Count(i64::from(delivery.attempts))),
            Cell::new(status),
            Cell::new(took).with(Token::Muted),
            Cell::text(error).with(Token::Err),
            Cell::next(delivery.next_at),
            Cell::past(Some(delivery.created_at)),
        ])
        .fact("event", &delivery.event)
        .fact("id", delivery.id.to_string())
        .marked("state", delivery.state.as_str(), token)
        .fact("tries", delivery.attempts.to_string())
        .known("status", delivery.status.map(|status| status.to_string()))
        .known("error", delivery.error.as_ref())
        .fact("noticed", moment(delivery.created_at))
        .known("tried", delivery.attempted_at.map(moment))
        .known("next", delivery.next_at.map(moment))
        .marked("", "enter shows what is sent; r delivers it again", Token::Muted)
}

/// What is said above them: that there are more.
pub fn banner(page: &SubscriptionDeliveryPage) -> Vec<Line> {
    let more = page.next_cursor.as_ref().map(|_| (Token::Warn, format!("the newest {} are shown", page.items.len())));
    more.into_iter().collect()
}
