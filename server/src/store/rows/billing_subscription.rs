//! Subscriptions, as the database keeps them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::billing_subscriptions;

/// The words of the states of a subscription.
pub const ACTIVE: &str = "active";
/// Tried for nothing.
pub const TRIALING: &str = "trialing";
/// A payment has failed.
pub const PAST_DUE: &str = "past_due";
/// Nobody but people takes money.
pub const MANUAL: &str = "manual";
/// Stripe takes it.
pub const STRIPE: &str = "stripe";

/// Which plan an organization is on.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = billing_subscriptions, treat_none_as_null = true)]
pub struct BillingSubscription {
    /// Who is subscribed.
    pub organization_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub plan: String,
    /// How it stands.
    pub state: String,
    /// Where its months begin.
    pub zone: String,
    /// The first day of the first one, there.
    pub anchor: NaiveDate,
    /// When the period began.
    pub period_start: DateTime<Utc>,
    /// When the next one begins.
    pub period_end: DateTime<Utc>,
    /// The plan that it changes to then.
    pub next_plan: Option<String>,
    /// When the trial ends.
    pub trial_end: Option<DateTime<Utc>>,
    /// When the plan is lost.
    pub grace_end: Option<DateTime<Utc>>,
    /// The plans that were tried.
    pub tried: Vec<String>,
    /// Who takes the money.
    pub provider: String,
    /// What they call the organization.
    pub customer: Option<String>,
    /// What they call the subscription.
    pub external_id: Option<String>,
    /// When it changed.
    pub updated_at: DateTime<Utc>,
}
