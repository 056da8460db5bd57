//! Addresses outside that are told of what happens in the workspace.

use tidemill_common::api::subscription::SubscriptionView;

use super::entry::{Cell, Column, Entry, Opens, moment};
use super::subject::{Spec, Subject};
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "subscriptions",
    columns: &[
        Column::fixed("STATE", 8),
        Column::text("NAME", 14, 1),
        Column::text("IS TOLD", 16, 2),
        Column::text("ADDRESS", 16, 2),
        Column::fixed("WORKFLOW", 14).from(110),
        Column::number("FAILING", 7),
        Column::number("AGE", 5),
    ],
    empty: &[
        "Nobody outside is told of events.",
        "n has an address told, signed: execution_failed, execution_ended, member_added and the like.",
    ],
    hints: &[Action::Open, Action::New, Action::Edit, Action::Switch, Action::Test, Action::Rotate, Action::Remove],
    scopes: &[Scope::Subscriptions, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Editor,
    changes: Need::Editor,
};

/// The row of a subscription.
pub fn entry(subscription: &SubscriptionView) -> Entry {
    let events = subscription.events.join(", ");
    let (state, token) = match (subscription.enabled, subscription.failing_since) {
        (true, None) => ("enabled", Token::Ok),
        (true, Some(_)) => ("failing", Token::Warn),
        (false, _) => ("disabled", Token::Err),
    };
    let mut entry =
        Entry::new(subscription.id.to_string(), format!("tidemill subscription deliveries {}", subscription.id), subscription)
            .cells([
                Cell::text(state).with(token),
                Cell::text(&subscription.name),
                Cell::text(&events),
                Cell::text(&subscription.url).with(Token::Muted),
                Cell::some(subscription.workflow.as_ref()),
                Cell::past(subscription.failing_since),
                Cell::past(Some(subscription.created_at)),
            ])
            .fact("name", &subscription.name)
            .address("address", &subscription.url)
            .fact("is told", events)
            .fact("workflow", subscription.workflow.as_deref().unwrap_or("any"))
            .fact("id", subscription.id.to_string())
            .marked("state", state, token);
    if let Some(reason) = &subscription.disabled_reason {
        entry = entry.marked("why", reason, Token::Err);
    }
    entry
        .known("failing", subscription.failing_since.map(|at| format!("since {}", moment(at))))
        .known("old key", subscription.old_secret_until.map(|at| format!("signs as well until {}", moment(at))))
        .fact("made", moment(subscription.created_at))
        .marked("", "enter shows what it was told, t tries it, A enables or disables it", Token::Muted)
        .opens(Opens::Listing(Subject::Deliveries(subscription.id, subscription.name.clone())))
}
