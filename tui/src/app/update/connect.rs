//! Subscriptions: switched on and off, tried, given another key; what they were told is delivered again. Triggers are tried, too.

use serde::de::DeserializeOwned;
use tidemill_common::api::subscription::{SubscriptionUpdate, SubscriptionView};

use super::ask::{self, Ask};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::{ConnectOrder, Order};
use crate::app::state::listing::{Listing, Subject};
use crate::app::state::toast::Tone;
use crate::app::state::{Screen, State};

/// Does what `action` asks for, after asking what it has to.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    match (action, &listing.subject) {
        (Action::Redeliver, _) => redeliver(state),
        (Action::Test, Subject::Triggers) => trigger(state),
        (Action::Switch, _) => switch(state),
        _ => subscriptions(state, action),
    }
}

/// What is selected or marked.
fn targets<T: DeserializeOwned>(listing: &Listing) -> Vec<T> {
    let targets = listing.list.targets();
    targets.iter().filter_map(|id| serde_json::from_value(listing.get(id)?.json.clone()).ok()).collect()
}

/// Tries subscriptions, or gives them other keys.
fn subscriptions(state: &mut State, action: Action) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let mut meant: Vec<SubscriptionView> = targets(listing);
    if action == Action::Rotate {
        // Each key is shown one time: one after the other.
        meant.truncate(1);
    }
    let names: Vec<&str> = meant.iter().map(|subscription| subscription.name.as_str()).collect();
    let (question, word) = match action {
        Action::Test => (format!("deliver `test` to {}?", names.join(", ")), "test"),
        _ => (format!("give {} another key? the old one signs for a day, too", names.join(", ")), "another key"),
    };
    let order = |SubscriptionView { id, name, .. }: &SubscriptionView| match action {
        Action::Test => ConnectOrder::SubscriptionTest(*id, name.clone()),
        _ => ConnectOrder::SubscriptionRotate(*id, name.clone()),
    };
    let orders = meant.iter().map(|subscription| Order::Connect(order(subscription))).collect();
    ask::ask(state, Ask { action, question, notes: Vec::new(), word: word.to_owned(), orders })
}

/// Switches subscriptions: all to what the one under the cursor is not.
fn switch(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let meant: Vec<SubscriptionView> = targets(listing);
    let Some(enable) = meant.first().map(|first| !first.enabled) else { return Vec::new() };
    let meant: Vec<SubscriptionView> = meant.into_iter().filter(|subscription| subscription.enabled != enable).collect();
    let names: Vec<&str> = meant.iter().map(|subscription| subscription.name.as_str()).collect();
    let (verb, meaning) =
        if enable { ("enable", "told what happens from now on") } else { ("disable", "what waits comes to nothing") };
    let question = format!("{verb} {}? {meaning}", names.join(", "));
    let order = |SubscriptionView { id, name, .. }: &SubscriptionView| {
        let wanted = SubscriptionUpdate { enabled: Some(enable), ..SubscriptionUpdate::default() };
        Order::Connect(ConnectOrder::SubscriptionUpdate(*id, name.clone(), Box::new(wanted)))
    };
    let orders = meant.iter().map(order).collect();
    ask::ask(state, Ask { action: Action::Switch, question, notes: Vec::new(), word: verb.to_owned(), orders })
}

/// Asks for an address at which the trigger under the cursor takes deliveries for a while.
fn trigger(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let webhook = |entry: &&crate::app::state::listing::Entry| matches!(entry.json["type"].as_str(), Some("webhook" | "form"));
    let Some((workflow, trigger)) = listing.selected().filter(webhook).and_then(|entry| entry.id.split_once('/')) else {
        state.toasts.push(
            state.now,
            Tone::Bad,
            "only webhooks and forms take deliveries; r on the workflow starts an execution",
        );
        return Vec::new();
    };
    let order = Order::Connect(ConnectOrder::TriggerTest(workflow.to_owned(), trigger.to_owned()));
    let question = format!("make an address at which {workflow}/{trigger} takes deliveries for a while?");
    ask::ask(state, Ask { action: Action::Test, question, notes: Vec::new(), word: "test".to_owned(), orders: vec![order] })
}

/// Delivers what is selected or marked again.
fn redeliver(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let Subject::Deliveries(subscription, _) = &listing.subject else { return Vec::new() };
    let entries = listing.list.targets();
    let order = |id: &String| {
        let event = listing.get(id)?.json["event"].as_str()?.to_owned();
        Some(Order::Connect(ConnectOrder::Redeliver(*subscription, id.parse().ok()?, event)))
    };
    let orders: Vec<Order> = entries.iter().filter_map(order).collect();
    let question = format!("deliver {} events again?", orders.len());
    let notes = vec!["each keeps its webhook-id, so that the other side knows it".to_owned()];
    ask::ask(state, Ask { action: Action::Redeliver, question, notes, word: "again".into(), orders })
}
