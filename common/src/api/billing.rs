//! Money: what happened, invoices, and what customers are worth.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::OrganizationId;

/// Something that happened to a subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingEventView {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What: `subscribed`, `upgraded`, `downgrade_ordered`, `downgraded`, `cancel_ordered`, `cancelled`, `renewed`, `trial_started`,
    /// `trial_ended`, `invoiced`, `payment_succeeded`, `payment_failed`, `payment_overdue`, `lapsed`, `plan_set` or `kept`.
    pub kind: String,
    /// The plan afterwards.
    pub plan: String,
    /// The amount that it is about, in hundredths of the currency.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub amount_cents: Option<i64>,
    /// The currency, ISO 4217 in small letters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub currency: Option<String>,
    /// More about it, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub detail: Option<String>,
}

/// What happened to a subscription.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BillingEventList {
    /// The newest first, at most 500.
    pub items: Vec<BillingEventView>,
}

/// How an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// To be paid.
    Open,
    /// Not paid in time.
    Overdue,
    /// Paid.
    Paid,
    /// Not to be paid.
    Void,
}

/// A line of an invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InvoiceLine {
    /// What for.
    pub text: String,
    /// How much, in hundredths of the currency.
    pub cents: i64,
}

/// An invoice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InvoiceView {
    /// Its id.
    pub id: Uuid,
    /// Its number: consecutive on this server.
    pub number: i64,
    /// Who pays.
    pub organization_id: OrganizationId,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// From when …
    pub period_start: DateTime<Utc>,
    /// … to when it is.
    pub period_end: DateTime<Utc>,
    /// The currency, ISO 4217 in small letters.
    pub currency: String,
    /// What for.
    pub lines: Vec<InvoiceLine>,
    /// How much together, in hundredths of the currency.
    pub total_cents: i64,
    /// How it stands.
    pub state: InvoiceState,
    /// Until when it is to be paid.
    pub due_at: DateTime<Utc>,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub paid_at: Option<DateTime<Utc>>,
}

/// Invoices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InvoiceList {
    /// The newest first, at most 500.
    pub items: Vec<InvoiceView>,
}

/// What winning customers cost in a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AcquisitionCost {
    /// The first day of the month.
    pub month: NaiveDate,
    /// Everything that was spent on winning customers, in hundredths of the currency.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "0"))))]
    pub cents: i64,
}

/// What a customer brings, and what winning one costs: from what was paid and said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct LtvCacView {
    /// From when …
    pub since: DateTime<Utc>,
    /// … to when it is reckoned.
    pub until: DateTime<Utc>,
    /// How many months these are.
    pub months: f64,
    /// Organizations that paid something in that time.
    pub paying: i64,
    /// Organizations that paid for the first time in it.
    pub new_paying: i64,
    /// Organizations that lost or cancelled a plan that they paid for in it.
    pub churned: i64,
    /// What was paid, in cents.
    pub revenue_cents: i64,
    /// What winning customers cost, in cents.
    pub acquisition_cents: i64,
    /// What a paying organization pays in a month, in cents.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub arpa_cents: Option<f64>,
    /// The share of the paying organizations that is lost in a month.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub churn: Option<f64>,
    /// What a customer brings in all, in cents; absent while nobody was lost.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub ltv_cents: Option<f64>,
    /// What winning a customer costs, in cents; absent while nobody was won or nothing was said to be spent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub cac_cents: Option<f64>,
    /// The first divided by the second.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub ltv_to_cac: Option<f64>,
    /// How these are reckoned from the numbers above.
    pub formula: String,
}

/// A page of Stripe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PaymentPage {
    /// Its address, for a browser.
    pub url: String,
}
