//! Forms about the plan: what it costs, what it exceeds, what it takes away.

use chrono::{DateTime, Utc};
use tidemill_common::api::billing::{InvoiceState, InvoiceView};
use tidemill_common::api::plan::{CodeStepLimits, PlanView};
use uuid::Uuid;

use super::house;
use crate::app::action::Action;
use crate::app::data::PlanFacts;
use crate::app::effect::Effect;
use crate::app::order::{BillingOrder, Order, Way};
use crate::app::state::form::{Entry, Field, Form, Purpose};
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

/// Asks the server where the plan under the cursor is paid; where there is none, where cards are changed.
pub fn pay(state: &mut State) -> Vec<Effect> {
    let Screen::Listing(listing) = state.screen() else { return Vec::new() };
    let plan = match (&listing.subject, listing.selected(), &state.plan) {
        (Subject::Plans, Some(entry), Some(facts)) if entry.id != facts.quota.plan => Some(entry.id.clone()),
        _ => None,
    };
    let order = plan.map_or(BillingOrder::Portal, BillingOrder::Checkout);
    ask::send(state, vec![Order::Billing(order)])
}

/// Asks whether the invoice under the cursor was paid.
pub fn paid(state: &mut State) -> Vec<Effect> {
    let Some(invoice) = house::selected::<InvoiceView>(state) else { return Vec::new() };
    if !matches!(invoice.state, InvoiceState::Open | InvoiceState::Overdue) {
        state.toasts.push(state.now, Tone::Bad, "nothing of this invoice is open");
        return Vec::new();
    }
    let number = invoice.number.to_string();
    let question = format!("was the invoice {number} paid?");
    let notes = vec!["by other means than Stripe: the plan goes on as if it had been in time".to_owned()];
    let orders = vec![Order::Billing(BillingOrder::Paid(invoice.id, number.clone()))];
    ask::ask(state, Ask { action: Action::Paid, question, notes, word: number, orders })
}

/// Asks whether the plan under the cursor is to be deleted.
pub fn delete(state: &mut State) -> Vec<Effect> {
    let Some(plan) = house::selected::<PlanView>(state) else { return navigate::go(state, Root::Plans) };
    let question = format!("delete the plan {}?", plan.name);
    let notes = vec!["nobody can choose it any more; the server refuses while somebody is on it".to_owned()];
    let orders = vec![Order::Billing(BillingOrder::PlanDelete(plan.id.clone()))];
    ask::ask(state, Ask { action: Action::PlanDelete, question, notes, word: plan.id, orders })
}

/// Notes what winning customers cost in a month; for those who run the server.
pub fn spent(now: DateTime<Utc>) -> Form {
    let fields = vec![
        Field::new(
            "month",
            now.format("%Y-%m").to_string(),
            Entry::Text,
            "such as 2026-11; what was noted of it before is replaced",
        ),
        Field::new("cents", "", Entry::Text, "all that was spent on winning customers in it, in cents"),
    ];
    Form::new("what winning customers cost", Purpose::Spent, fields, now)
}

const NONE: &str = "the most that it allows; no limit when empty";

/// Makes a plan, or replaces the one that is given; for those who run the server.
pub fn form(plan: Option<&PlanView>, now: DateTime<Utc>) -> Form {
    let text = |of: fn(&PlanView) -> String| plan.map(of).unwrap_or_default();
    let limit = |of: fn(&PlanView) -> Option<i64>| plan.and_then(of).map_or_else(String::new, |most| most.to_string());
    let code_step = plan.and_then(|plan| plan.limits.code_step).unwrap_or_default();
    let code = |of: fn(&CodeStepLimits) -> Option<i64>| of(&code_step).map_or_else(String::new, |most| most.to_string());
    let yes = |of: fn(&PlanView) -> bool| if plan.is_some_and(of) { "yes" } else { "no" };
    let fields = vec![
        Field::new("id", text(|plan| plan.id.clone()), Entry::Text, "a-z, 0-9, - and _; another id makes another plan"),
        Field::new("name", text(|plan| plan.name.clone()), Entry::Text, "its name for people"),
        Field::new("place", text(|plan| plan.place.to_string()), Entry::Text, "where it stands: a greater one is an upgrade"),
        Field::new("cents", limit(|plan| plan.price_cents), Entry::Text, "what a month costs, in cents; on request when empty"),
        Field::new("currency", text(|plan| plan.currency.clone()), Entry::Text, "such as usd, eur"),
        Field::new("workflows", limit(|plan| plan.limits.active_workflows), Entry::Text, NONE),
        Field::new("executions", limit(|plan| plan.limits.executions), Entry::Text, NONE),
        Field::new("credentials", limit(|plan| plan.limits.integrations), Entry::Text, NONE),
        Field::new("members", limit(|plan| plan.limits.members), Entry::Text, NONE),
        Field::new(
            "code seconds",
            code(|most| most.seconds),
            Entry::Text,
            "the longest time that a code step can ask for, in seconds",
        ),
        Field::new(
            "code memory",
            code(|most| most.memory_mib),
            Entry::Text,
            "the most memory that a code step can ask for, in MiB",
        ),
        Field::new("code output", code(|most| most.output_kib), Entry::Text, "the largest output that it can ask for, in KiB"),
        Field::new("code log", code(|most| most.log_kib), Entry::Text, "the longest log that it can ask for, in KiB"),
        Field::new(
            "features",
            text(features),
            Entry::Text,
            "advanced_analytics, sso, audit_export, custom_integrations, white_label",
        ),
        Field::new("trial days", text(|plan| plan.trial_days.to_string()), Entry::Text, "how long it can be tried for nothing"),
        Field::choice("offered", &["no", "yes"], "whether organizations can choose it themselves")
            .with(yes(|plan| plan.offered)),
        Field::choice("for new ones", &["no", "yes"], "whether new organizations get it").with(yes(|plan| plan.is_default)),
        Field::new(
            "stripe price",
            text(|plan| plan.stripe_price.clone().unwrap_or_default()),
            Entry::Text,
            "price_…, if Stripe collects it",
        ),
    ];
    let title = plan.map_or_else(|| "make a plan".to_owned(), |plan| format!("the plan {}", plan.name));
    let note = "for those who run the server; organizations that are on it have the new limits at once".to_owned();
    Form::new(title, Purpose::PlanPut, fields, now).notes([note])
}

fn features(plan: &PlanView) -> String {
    plan.features.iter().map(|feature| feature.as_str()).collect::<Vec<_>>().join(", ")
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
