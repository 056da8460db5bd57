//! Forms about the plan: what it costs, what it exceeds, what it takes away.

use tidemill_common::api::plan::PlanView;
use uuid::Uuid;

use crate::app::action::Action;
use crate::app::data::PlanFacts;
use crate::app::effect::Effect;
use crate::app::order::{BillingOrder, Order, Way};
use crate::app::state::form::{Field, Form, Purpose};
use crate::app::state::listing::{Subject, excess, price, way};
use crate::app::state::overlay::Overlay;
use crate::app::state::toast::Tone;
use crate::app::state::{Root, Screen, State};
use crate::app::update::ask::{self, Ask};
use crate::app::update::navigate;

/// Asks whether the plan under the cursor is to be gone to.
pub fn change(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    if listing.subject != Subject::Plans {
        return navigate::go(state, Root::Plans);
    }
    let wanted = listing.selected().and_then(|entry| serde_json::from_value::<PlanView>(entry.json.clone()).ok());
    let (Some(plan), Some(facts)) = (wanted, state.plan.clone()) else { return Vec::new() };
    let Some(way) = way(&facts, &plan) else {
        state.toasts.push(state.now, Tone::Plain, format!("{} is the present plan, and it stays; D ends it", plan.name));
        return Vec::new();
    };
    let mut fields = Vec::new();
    if way == Way::Up && plan.trial_days > 0 {
        let help = format!("{} days for nothing, once", plan.trial_days);
        fields.push(Field::choice("trial", &["no", "yes"], &help));
    }
    fields.push(ask::confirmation(state, plan.id.clone()));
    let title = match way {
        Way::Keep => format!("keep the plan {}", plan.name),
        _ => format!("go from {} to {}", facts.quota.plan, plan.id),
    };
    let form = Form::new(title, Purpose::Plan(plan.id.clone(), way), fields, state.now).notes(notes(&facts, &plan, way));
    state.overlay = Some(Overlay::Form(Box::new(form)));
    Vec::new()
}

/// What going to `plan` means.
fn notes(facts: &PlanFacts, plan: &PlanView, way: Way) -> Vec<String> {
    let end = facts.quota.period_end.format("%Y-%m-%d");
    let mut notes = vec![match way {
        Way::Down => format!("when the period ends, on {end}; until then nothing changes"),
        Way::Keep => format!("it was to end on {end}, and goes on"),
        _ => format!("at once: {} a month; what is left of this period is paid for", price(plan)),
    }];
    notes.extend(excess(plan, &facts.quota));
    let lost = facts.quota.features.iter().filter(|feature| !plan.features.contains(feature));
    let lost: Vec<String> = lost.map(|feature| feature.as_str().replace('_', " ")).collect();
    if !lost.is_empty() {
        notes.push(format!("gone with it: {}", lost.join(", ")));
    }
    notes
}

/// Asks whether the present plan is to end.
pub fn cancel(state: &mut State) -> Vec<Effect> {
    let subscription = state.plan.as_ref().map(|facts| facts.subscription.clone());
    match subscription {
        Some(Ok(present)) => {
            let question = format!("end the plan {}?", present.plan);
            let end = present.period_end.format("%Y-%m-%d");
            let notes =
                vec![format!("on {end}, when the period ends, the organization falls to the least plan; U takes it back")];
            let orders = vec![Order::Billing(BillingOrder::Cancel(present.id, present.plan.clone()))];
            ask::ask(state, Ask { action: Action::Remove, question, notes, word: present.plan, orders })
        }
        Some(Err(failure)) => {
            state.toasts.push(state.now, Tone::Bad, failure.message);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Asks whether refused deliveries are to be replayed.
pub fn replay(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let targets = listing.list.targets();
    let waits = |id: &&String| listing.get(id).is_some_and(|entry| entry.json["replayed_at"].is_null());
    let ids: Vec<Uuid> = targets.iter().filter(waits).filter_map(|id| id.parse().ok()).collect();
    if ids.is_empty() {
        state.toasts.push(state.now, Tone::Bad, "it was replayed already: enter shows its execution");
        return Vec::new();
    }
    let question = format!("replay {} refused deliveries?", ids.len());
    let notes = vec!["each starts an execution now, and counts as one".to_owned()];
    let word = ids.len().to_string();
    let orders = vec![Order::Billing(BillingOrder::RefusedReplay(ids))];
    ask::ask(state, Ask { action: Action::Replay, question, notes, word, orders })
}
