//! Subscriptions: switched on and off, tried, given another key; what they were told is delivered again.

use tidemill_common::api::subscription::{SubscriptionUpdate, SubscriptionView};

use super::ask::{self, Ask};
use crate::app::action::Action;
use crate::app::effect::Effect;
use crate::app::order::{ConnectOrder, Order};
use crate::app::state::listing::Subject;
use crate::app::state::{Screen, State};

/// Does what `action` asks for, after asking what it has to.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if action == Action::Redeliver {
        return redeliver(state);
    }
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let selected = listing.selected().map(|entry| serde_json::from_value::<SubscriptionView>(entry.json.clone()));
    let Some(Ok(SubscriptionView { id, name, enabled, .. })) = selected else { return Vec::new() };
    let (question, order) = match action {
        Action::Test => (String::new(), ConnectOrder::SubscriptionTest(id, name.clone())),
        Action::Rotate => {
            let question = format!("give {name} another key? the old one signs for a day, too");
            (question, ConnectOrder::SubscriptionRotate(id, name.clone()))
        }
        _ => {
            let question = if enabled {
                format!("disable {name}? what waits comes to nothing")
            } else {
                format!("enable {name}? it is told what happens from now on")
            };
            let wanted = SubscriptionUpdate { enabled: Some(!enabled), ..SubscriptionUpdate::default() };
            (question, ConnectOrder::SubscriptionUpdate(id, name.clone(), Box::new(wanted)))
        }
    };
    ask::ask(state, Ask { action, question, notes: Vec::new(), word: name, orders: vec![Order::Connect(order)] })
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
