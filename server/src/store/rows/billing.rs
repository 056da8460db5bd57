//! Invoices and what happened to subscriptions, as the database keeps them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::store::schema::{billing_events, invoices};

/// Something that happened to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = billing_events)]
pub struct BillingEvent {
    /// Whose.
    pub organization_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: String,
    /// The plan afterwards.
    pub plan: String,
    /// The amount that it is about.
    pub amount_cents: Option<i64>,
    /// The currency.
    pub currency: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

/// The words of the states of an invoice.
pub const OPEN: &str = "open";
/// Not paid in time.
pub const OVERDUE: &str = "overdue";
/// Paid.
pub const PAID: &str = "paid";

/// An invoice.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices)]
pub struct Invoice {
    /// Who pays.
    pub organization_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Its number.
    pub number: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// From when …
    pub period_start: DateTime<Utc>,
    /// … to when it is.
    pub period_end: DateTime<Utc>,
    /// The currency.
    pub currency: String,
    /// What for.
    pub lines: Value,
    /// How much together.
    pub total_cents: i64,
    /// How it stands.
    pub state: String,
    /// Until when it is to be paid.
    pub due_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// What Stripe calls it.
    pub external_id: Option<String>,
}
