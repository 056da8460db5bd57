//! The columns of plans, quotas and money.

use chrono::{DateTime, Utc};
use tidemill_common::api::billing::{BillingEventView, InvoiceState, InvoiceView, LtvCacView};
use tidemill_common::api::billing_subscription::{BillingSubscriptionState, BillingSubscriptionView};
use tidemill_common::api::plan::PlanView;
use tidemill_common::api::quota::{UsageView, UsedView};
use tidemill_common::api::refused_delivery::RefusedDeliveryView;

use super::row::rfc3339;
use super::{Cell, Column, Row};

/// A limit, or that there is none.
fn limit(limit: Option<i64>) -> Cell {
    limit.map_or_else(|| Cell::both("no limit", ""), |limit| Cell::text(limit.to_string()))
}

/// An amount: `29.00 USD` for people, cents for programs.
fn amount(cents: i64, currency: &str) -> Cell {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = cents.unsigned_abs();
    Cell::both(format!("{sign}{}.{:02} {}", whole / 100, whole % 100, currency.to_uppercase()), cents.to_string())
}

fn day(at: DateTime<Utc>) -> Cell {
    Cell::both(at.format("%Y-%m-%d").to_string(), rfc3339(at))
}

impl Row for PlanView {
    const KIND: &'static str = "plan";
    const COLUMNS: &'static [Column] = &[
        Column::new("PLAN"),
        Column::new("PRICE"),
        Column::new("WORKFLOWS"),
        Column::new("EXECUTIONS"),
        Column::new("INTEGRATIONS"),
        Column::new("MEMBERS"),
        Column::wide("CODE STEP"),
        Column::wide("FEATURES"),
        Column::wide("OFFERED"),
        Column::wide("DEFAULT"),
    ];

    fn id(&self) -> String {
        self.id.clone()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let yes = |is: bool| Cell::text(if is { "yes" } else { "no" });
        let features: Vec<_> = self.features.iter().map(|feature| feature.as_str()).collect();
        vec![
            Cell::text(&self.id),
            self.price_cents.map_or_else(|| Cell::text("on request"), |cents| amount(cents, &self.currency)),
            limit(self.limits.active_workflows),
            limit(self.limits.executions),
            limit(self.limits.integrations),
            limit(self.limits.members),
            self.limits.code_step.map_or_else(|| limit(None), |limits| Cell::text(limits.words())),
            Cell::text(features.join(",")),
            yes(self.offered),
            yes(self.is_default),
        ]
    }
}

impl Row for BillingSubscriptionView {
    const KIND: &'static str = "subscription";
    const COLUMNS: &'static [Column] = &[
        Column::new("PLAN"),
        Column::new("STATE"),
        Column::new("ENDS"),
        Column::new("THEN"),
        Column::new("PAUSED"),
        Column::wide("ZONE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let state = match self.state {
            BillingSubscriptionState::Active => "active",
            BillingSubscriptionState::Trialing => "trialing",
            BillingSubscriptionState::PastDue => "past_due",
        };
        vec![
            Cell::text(&self.plan),
            Cell::text(state),
            day(self.period_end),
            Cell::optional(self.next_plan.as_deref()),
            Cell::text(self.paused.len().to_string()),
            Cell::text(&self.zone),
        ]
    }
}

impl Row for UsedView {
    const KIND: &'static str = "quota";
    const COLUMNS: &'static [Column] =
        &[Column::new("METRIC"), Column::new("USED"), Column::new("LIMIT"), Column::new("RESETS")];

    fn id(&self) -> String {
        self.metric.as_str().to_owned()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(self.metric.as_str()),
            Cell::text(self.used.to_string()),
            limit(self.limit),
            self.resets_at.map_or_else(|| Cell::optional(None::<String>), day),
        ]
    }
}

impl Row for UsageView {
    const KIND: &'static str = "usage";
    const COLUMNS: &'static [Column] =
        &[Column::new("PERIOD"), Column::new("EXECUTIONS"), Column::new("EVENTS"), Column::new("CODE SECONDS")];

    fn id(&self) -> String {
        rfc3339(self.period_start)
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        vec![
            day(self.period_start),
            Cell::text(self.executions.to_string()),
            Cell::text(self.events.to_string()),
            Cell::text(format!("{:.1}", self.code_seconds)),
        ]
    }
}

impl Row for RefusedDeliveryView {
    const KIND: &'static str = "delivery";
    const COLUMNS: &'static [Column] = &[
        Column::new("AGE"),
        Column::new("WORKFLOW"),
        Column::new("TRIGGER"),
        Column::new("TIMES"),
        Column::new("REPLAYED AS"),
        Column::wide("ID"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::at(now, self.at),
            Cell::text(&self.workflow_id),
            Cell::text(self.trigger_id.as_ref().unwrap_or(&self.trigger_type)),
            Cell::text(self.times.to_string()),
            Cell::optional(self.execution_id.map(|id| id.to_string())),
            Cell::text(self.id.to_string()),
        ]
    }
}

impl Row for BillingEventView {
    const KIND: &'static str = "event";
    const COLUMNS: &'static [Column] =
        &[Column::new("AGE"), Column::new("WHAT"), Column::new("PLAN"), Column::new("AMOUNT"), Column::wide("DETAIL")];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let currency = self.currency.as_deref().unwrap_or_default();
        vec![
            Cell::at(now, self.at),
            Cell::text(&self.kind),
            Cell::text(&self.plan),
            self.amount_cents.map_or_else(|| Cell::optional(None::<String>), |cents| amount(cents, currency)),
            Cell::optional(self.detail.as_deref()),
        ]
    }
}

impl Row for InvoiceView {
    const KIND: &'static str = "invoice";
    const COLUMNS: &'static [Column] = &[
        Column::new("NUMBER"),
        Column::new("DATE"),
        Column::new("AMOUNT"),
        Column::new("STATE"),
        Column::new("DUE"),
        Column::new("ID"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let state = match self.state {
            InvoiceState::Open => "open",
            InvoiceState::Overdue => "overdue",
            InvoiceState::Paid => "paid",
            InvoiceState::Void => "void",
        };
        vec![
            Cell::text(self.number.to_string()),
            day(self.at),
            amount(self.total_cents, &self.currency),
            Cell::text(state),
            day(self.due_at),
            Cell::text(self.id.to_string()),
        ]
    }
}

impl Row for LtvCacView {
    const KIND: &'static str = "worth";
    const COLUMNS: &'static [Column] = &[
        Column::new("PAYING"),
        Column::new("NEW"),
        Column::new("LOST"),
        Column::new("LTV"),
        Column::new("CAC"),
        Column::new("LTV/CAC"),
        Column::wide("FORMULA"),
    ];

    fn id(&self) -> String {
        rfc3339(self.until)
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let money = |cents: Option<f64>| Cell::optional(cents.map(|cents| format!("{:.2}", cents / 100.0)));
        vec![
            Cell::text(self.paying.to_string()),
            Cell::text(self.new_paying.to_string()),
            Cell::text(self.churned.to_string()),
            money(self.ltv_cents),
            money(self.cac_cents),
            Cell::optional(self.ltv_to_cac.map(|ratio| format!("{ratio:.2}"))),
            Cell::text(&self.formula),
        ]
    }
}
