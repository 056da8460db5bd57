//! What the plan allows, what is used of it, and where that leads until the period ends.

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::billing_subscription::BillingSubscriptionState;
use tidemill_common::api::plan::Metric;
use tidemill_common::api::quota::{QuotaView, UsedView};

use super::entry::{Cell, Column, Entry, Line, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::data::PlanFacts;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// From this share of a limit on it is worth a look.
const NEAR: f64 = 0.8;

/// The least share of a period that says something about the rest of it.
const TELLING: f64 = 0.02;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "quota",
    columns: &[
        Column::fixed("METRIC", 16),
        Column::text("USED OF THE LIMIT", 12, 1),
        Column::number("USED", 9),
        Column::number("LIMIT", 9),
        Column::number("SHARE", 6),
        Column::number("AT THE END", 10),
        Column::number("RESETS", 6).from(90),
    ],
    empty: &["The server measures nothing of this organization."],
    hints: &[Action::TabRight, Action::ChangePlan, Action::Sort, Action::YankJson],
    scopes: &[Scope::Plans, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    changes: Need::Organization,
};

/// A row per metric.
pub fn entries(facts: &PlanFacts, now: DateTime<Utc>) -> Vec<Entry> {
    facts.quota.items.iter().map(|used| entry(&facts.quota, used, now)).collect()
}

fn entry(quota: &QuotaView, used: &UsedView, now: DateTime<Utc>) -> Entry {
    let share = used.limit.map(|limit| ratio(used.used, limit));
    let end = projected(quota, used, now);
    let beyond = matches!((end, used.limit), (Some(end), Some(limit)) if end > limit);
    let token = match share {
        Some(share) if share >= 1.0 => Token::Err,
        Some(share) if share >= NEAR || beyond => Token::Warn,
        Some(_) => Token::Ok,
        None => Token::Muted,
    };
    let limit = used.limit.map_or_else(|| "no limit".to_owned(), |limit| words(used.metric, limit));
    let end_words = end.map(|end| words(used.metric, end));
    let mut entry = Entry::new(used.metric.as_str(), "tidemill quota show", used)
        .cells([
            Cell::text(used.metric.as_str().replace('_', " ")),
            share.map_or_else(|| Cell::new(Value::None), |share| Cell::new(Value::Bar(share))).with(token),
            Cell::new(Value::Amount(used.used, words(used.metric, used.used))),
            Cell::new(Value::Amount(used.limit.unwrap_or(i64::MAX), limit.clone())).with(Token::Muted),
            Cell::new(share.map_or(Value::None, Value::Share)).with(token),
            match (end, &end_words) {
                (Some(end), Some(words)) => Cell::new(Value::Amount(end, words.clone())),
                _ => Cell::new(Value::None),
            }
            .with(if beyond { Token::Err } else { Token::Muted }),
            Cell::next(used.resets_at),
        ])
        .fact("metric", about(used.metric))
        .fact("used", words(used.metric, used.used))
        .fact("limit", limit)
        .known("at the end", end_words.map(|words| format!("{words}, if it goes on like this")));
    if let (true, Some(full)) = (beyond, full_at(quota, used, now)) {
        entry = entry.marked("full", moment(full), Token::Err);
    }
    entry.known("resets", used.resets_at.map(moment))
}

/// What a metric counts.
fn about(metric: Metric) -> &'static str {
    match metric {
        Metric::Executions => "executions that began in the period, whatever started them",
        Metric::ActiveWorkflows => "workflows with a live version",
        Metric::Integrations => "credentials: connections to services",
        Metric::Members => "people who are members of a workspace, each once",
        Metric::CodeSeconds => "seconds that code steps ran in the period",
        Metric::StorageBytes => "bytes that executions wrote on the days that are still kept",
        Metric::Events => "events of executions in the period",
    }
}

/// An amount of a metric: `18.2 GB`, `710`.
pub fn words(metric: Metric, amount: i64) -> String {
    if metric == Metric::StorageBytes {
        return bytes(amount);
    }
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if metric == Metric::CodeSeconds { format!("{grouped} s") } else { grouped }
}

fn bytes(amount: i64) -> String {
    let (mut value, mut unit) = (amount, "B");
    let mut rest = 0;
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000 {
            break;
        }
        (rest, value, unit) = (value % 1000 / 100, value / 1000, next);
    }
    if unit == "B" { format!("{value} B") } else { format!("{value}.{rest} {unit}") }
}

/// `part` of `whole`; nothing of nothing is nothing, and something of it too much.
#[expect(clippy::cast_precision_loss, reason = "a share on the screen has four digits")]
pub fn ratio(part: i64, whole: i64) -> f64 {
    match (part, whole) {
        (0, _) => 0.0,
        (_, ..=0) => 1.0,
        _ => part as f64 / whole as f64,
    }
}

/// How much of the period is over, from 0 to 1.
fn over(quota: &QuotaView, now: DateTime<Utc>) -> f64 {
    let (passed, whole) = (now - quota.period_start, quota.period_end - quota.period_start);
    ratio(passed.num_seconds(), whole.num_seconds()).clamp(0.0, 1.0)
}

/// How much it will be when the period ends, if it goes on like this. `None` for what does not begin again, and too early.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a guess, not an account")]
pub fn projected(quota: &QuotaView, used: &UsedView, now: DateTime<Utc>) -> Option<i64> {
    let over = over(quota, now);
    (used.metric.resets() && over >= TELLING).then(|| (used.used as f64 / over).round() as i64)
}

/// When the limit is reached, if it goes on like this.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a guess, not an account")]
pub fn full_at(quota: &QuotaView, used: &UsedView, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (limit, passed) = (used.limit?, (now - quota.period_start).num_seconds());
    if used.used <= 0 || passed <= 0 {
        return None;
    }
    let seconds = passed as f64 * ratio(limit, used.used);
    quota.period_start.checked_add_signed(TimeDelta::try_seconds(seconds as i64)?)
}

/// The plan, its period, and what is the matter with it.
pub fn banner(facts: &PlanFacts, now: DateTime<Utc>) -> Vec<Line> {
    let quota = &facts.quota;
    let left = (quota.period_end - now).num_days().max(0);
    let (start, end) = (quota.period_start.format("%d %b"), quota.period_end.format("%d %b %Y"));
    let mut lines = vec![(Token::Head, format!("plan {}   period {start} to {end}, {left} days left", quota.plan))];
    if let Ok(subscription) = &facts.subscription {
        if let Some(next) = &subscription.next_plan {
            lines.push((Token::Warn, format!("it becomes {next} on {end}; U on {} keeps it", subscription.plan)));
        }
        match (subscription.state, subscription.trial_end, subscription.grace_end) {
            (BillingSubscriptionState::Trialing, Some(at), _) => {
                lines.push((Token::Accent, format!("tried for nothing until {}", moment(at))));
            }
            (BillingSubscriptionState::PastDue, _, Some(at)) => {
                lines.push((Token::Err, format!("a payment has failed: the plan is lost at {}", moment(at))));
            }
            _ => {}
        }
        if !subscription.paused.is_empty() {
            let names: Vec<String> =
                subscription.paused.iter().map(|paused| format!("{}/{}", paused.workspace, paused.workflow_id)).collect();
            lines.push((Token::Warn, format!("paused, as the plan allows no more: {}", names.join(", "))));
        }
    }
    if quota.refused > 0 {
        lines.push((Token::Warn, format!("{} deliveries were refused and wait to be replayed: gr", quota.refused)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::{samples, testing};

    #[test]
    fn what_resets_is_projected_to_the_end_of_the_period() {
        let facts = samples::plan();
        let used = |metric| facts.quota.items.iter().find(|item| item.metric == metric).unwrap();
        // 20.5 of 30 days are over.
        assert_eq!(projected(&facts.quota, used(Metric::Executions), testing::now()), Some(6_148));
        assert_eq!(projected(&facts.quota, used(Metric::Members), testing::now()), None);
        let full = full_at(&facts.quota, used(Metric::Executions), testing::now()).unwrap();
        assert!(full > testing::now() && full < facts.quota.period_end, "{full}");
        assert_eq!(projected(&facts.quota, used(Metric::Executions), facts.quota.period_start), None, "too early to tell");
    }

    #[test]
    fn amounts_are_words() {
        assert_eq!(words(Metric::StorageBytes, 18_240_000_000), "18.2 GB");
        assert_eq!(words(Metric::StorageBytes, 999), "999 B");
        assert_eq!(words(Metric::Executions, 1_234_567), "1,234,567");
        assert_eq!(words(Metric::CodeSeconds, 61), "61 s");
        assert!((ratio(1, 0) - 1.0).abs() < f64::EPSILON && ratio(0, 0) < f64::EPSILON);
    }
}
