//! The plans, and what going to one would exceed.

use tidemill_common::api::plan::{Metric, PlanView};
use tidemill_common::api::quota::QuotaView;

use super::entry::{Cell, Column, Entry, Value};
use super::quota::words;
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::data::PlanFacts;
use crate::app::keymap::Scope;
use crate::app::order::Way;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "plans",
    columns: &[
        Column::fixed("PLAN", 10),
        Column::fixed("STATE", 7),
        Column::number("A MONTH", 10),
        Column::number("WORKFLOWS", 9),
        Column::number("EXECUTIONS", 10),
        Column::number("CREDENTIALS", 11),
        Column::number("MEMBERS", 8),
        Column::text("ONLY HERE", 20, 1).from(110),
    ],
    empty: &["There is no plan to choose from.", "Those who run the server make them: tidemill plan put."],
    hints: &[Action::TabRight, Action::ChangePlan, Action::Pay, Action::Remove, Action::Sort],
    scopes: &[Scope::Plans, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    changes: Need::Organization,
};

/// A row per plan.
pub fn entries(facts: &PlanFacts) -> Vec<Entry> {
    facts.plans.items.iter().map(|plan| entry(facts, plan)).collect()
}

fn entry(facts: &PlanFacts, plan: &PlanView) -> Entry {
    let next = facts.subscription.as_ref().ok().and_then(|subscription| subscription.next_plan.as_deref());
    let (state, token) = match () {
        () if plan.id == facts.quota.plan => ("present", Token::Ok),
        () if next == Some(plan.id.as_str()) => ("next", Token::Warn),
        () if plan.offered => ("offered", Token::Muted),
        () => ("hidden", Token::Muted),
    };
    let features: Vec<String> = plan.features.iter().map(|feature| feature.as_str().replace('_', " ")).collect();
    let price = price(plan);
    let limit = |metric| {
        let limit = plan.limits.of(metric);
        Cell::new(Value::Amount(limit.unwrap_or(i64::MAX), limit.map_or_else(|| "no limit".into(), |most| words(metric, most))))
    };
    let mut entry = Entry::new(&plan.id, "tidemill plan ls -o wide", plan)
        .cells([
            Cell::text(&plan.name),
            Cell::text(state).with(token),
            Cell::new(Value::Amount(plan.price_cents.unwrap_or(i64::MAX), price.clone())),
            limit(Metric::ActiveWorkflows),
            limit(Metric::Executions),
            limit(Metric::Integrations),
            limit(Metric::Members),
            Cell::text(features.join(", ")).with(Token::Muted),
        ])
        .fact("plan", format!("{} ({})", plan.name, plan.id))
        .marked("state", state, token)
        .fact("a month", price);
    if plan.trial_days > 0 {
        entry = entry.fact("trial", format!("{} days for nothing", plan.trial_days));
    }
    if let Some(most) = plan.limits.code_step {
        entry = entry.fact("a code step", format!("at most {}", most.words()));
    }
    if !features.is_empty() {
        entry = entry.fact("only here", features.join(", "));
    }
    for line in excess(plan, &facts.quota) {
        entry = entry.marked("exceeds", line, Token::Warn);
    }
    entry.marked("", "U goes to it: at once to a greater one, with the period's end to a lesser one", Token::Muted)
}

/// What a month costs: `29.00 usd`.
pub fn price(plan: &PlanView) -> String {
    match plan.price_cents {
        None => "on request".into(),
        Some(0) => "free".into(),
        Some(cents) => money(cents, &plan.currency),
    }
}

/// Hundredths of a currency in words.
pub fn money(cents: i64, currency: &str) -> String {
    format!("{} {currency}", units(cents))
}

/// Hundredths in whole units, where there is no currency to name.
pub fn units(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// What is beyond the limits of `plan`, a line each, and what happens to it.
pub fn excess(plan: &PlanView, quota: &QuotaView) -> Vec<String> {
    let beyond = quota.items.iter().filter_map(|used| {
        let limit = plan.limits.of(used.metric).filter(|limit| used.used > *limit)?;
        let (used_words, allowed) = (words(used.metric, used.used), words(used.metric, limit));
        Some(match used.metric {
            Metric::ActiveWorkflows => {
                let paused = used.used - limit;
                format!("{used_words} active workflows, {allowed} allowed: {paused} are paused, none is deleted")
            }
            Metric::Executions => {
                format!("{used_words} executions in this period, {allowed} allowed: what comes then is refused")
            }
            other => {
                format!("{used_words} {}, {allowed} allowed: they stay, none can be added", other.as_str().replace('_', " "))
            }
        })
    });
    beyond.collect()
}

/// How one gets to `plan`.
pub fn way(facts: &PlanFacts, plan: &PlanView) -> Option<Way> {
    let subscription = facts.subscription.as_ref().ok();
    let ends = subscription.is_some_and(|subscription| subscription.next_plan.is_some());
    if plan.id == facts.quota.plan {
        return ends.then_some(Way::Keep);
    }
    let present = facts.plans.items.iter().find(|other| other.id == facts.quota.plan);
    let greater = present.is_some_and(|present| plan.place > present.place);
    Some(if greater { Way::Up } else { Way::Down })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::samples;

    #[test]
    fn what_a_lesser_plan_exceeds_is_said_with_what_becomes_of_it() {
        let facts = samples::plan();
        let plan = |id: &str| facts.plans.items.iter().find(|plan| plan.id == id).unwrap();
        let lines = excess(plan("free"), &facts.quota);
        assert!(lines.iter().any(|line| line.contains("12 active workflows, 3 allowed: 9 are paused")), "{lines:?}");
        assert!(excess(plan("business"), &facts.quota).is_empty());
        assert_eq!((way(&facts, plan("free")), way(&facts, plan("business"))), (Some(Way::Down), Some(Way::Up)));
        assert_eq!(way(&facts, plan("pro")), None, "it is the present one, and stays");
    }

    #[test]
    fn money_is_written_with_its_currency() {
        assert_eq!([money(2900, "usd"), money(-5, "eur")], ["29.00 usd", "-0.05 eur"]);
    }
}
