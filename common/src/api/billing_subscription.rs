//! Subscriptions: which plan an organization is on, for how long, and what comes then.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::Metric;

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BillingSubscriptionState {
    /// In order.
    Active,
    /// Tried for nothing.
    Trialing,
    /// A payment has failed; the plan is lost when the grace period ends.
    PastDue,
}

/// Who takes the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// People: the admins of the server say what was paid.
    Manual,
    /// Stripe.
    Stripe,
}

/// Which plan an organization is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingSubscriptionView {
    /// Its id.
    pub id: Uuid,
    /// The plan.
    pub plan: String,
    /// How it stands.
    pub state: BillingSubscriptionState,
    /// Where its months begin: an IANA time zone.
    pub zone: String,
    /// When the period began.
    pub period_start: DateTime<Utc>,
    /// When the next one begins.
    pub period_end: DateTime<Utc>,
    /// The plan that it changes to then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_plan: Option<String>,
    /// When the trial ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub trial_end: Option<DateTime<Utc>>,
    /// When the plan is lost, unless the payment comes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub grace_end: Option<DateTime<Utc>>,
    /// Who takes the money.
    pub provider: Provider,
    /// What goes beyond the limits of the plan that comes, or of the present one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub exceeds: Vec<ExcessView>,
    /// What is paused because the plan allows no more of it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub paused: Vec<PausedView>,
}

/// What goes beyond the limits of a plan. Nothing of it is ever deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ExcessView {
    /// Of what there is more.
    pub metric: Metric,
    /// How much there is.
    pub used: i64,
    /// How much there may be.
    pub limit: i64,
    /// The workflows that are deactivated when the plan comes, as `workspace/id`; of the rest nothing more can be added.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub pauses: Vec<String>,
}

/// A workflow that was deactivated because the plan allows no more. A greater plan activates it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PausedView {
    /// The workspace's slug.
    pub workspace: String,
    /// The workflow.
    pub workflow_id: String,
    /// The version that was live.
    pub version: i32,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// A plan to go to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PlanChoice {
    /// Its id.
    pub plan: String,
}

/// A plan to subscribe to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingSubscriptionCreate {
    /// The plan's id.
    pub plan: String,
    /// Tries it for nothing first, where the plan has a trial that was not used yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trial: Option<bool>,
    /// Where months shall begin: an IANA time zone. It counts from the next period on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub zone: Option<String>,
}

/// What an admin of the server sets about the subscription of any organization.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingSubscriptionUpdate {
    /// The plan, at once and without an invoice.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<String>,
    /// Where its months begin: an IANA time zone. It counts from the next period on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub zone: Option<String>,
}
