//! Stripe's API, as far as it is needed: customers, checkout, the customer portal, subscriptions, invoices.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::PaymentError;
use crate::runner::outbound::{Outbound, Request};

/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How Stripe is spoken to.
#[derive(Clone, PartialEq, Eq)]
pub struct StripeOptions {
    /// The secret key.
    pub key: String,
    /// The secret with which it signs events.
    pub webhook_secret: String,
    /// Where its API is.
    pub url: Url,
}

impl fmt::Debug for StripeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeOptions").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// Stripe. Cheap to clone.
#[derive(Clone)]
pub struct Stripe {
    outbound: Outbound,
    options: StripeOptions,
}

/// Who pays.
#[derive(Debug, Clone)]
pub struct Payer {
    /// The organization's id.
    pub organization: String,
    /// Its name.
    pub name: String,
    /// An address for its invoices.
    pub email: Option<String>,
}

/// A subscription as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeSubscription {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub customer: String,
    /// How it stands: `active`, `past_due`, `canceled` …
    pub status: String,
    /// The price that is paid.
    pub price: String,
    /// Its item: what a change of price names.
    pub item: String,
    /// Whether it ends with its period.
    pub ends: bool,
}

/// An invoice as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidInvoice {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub customer: String,
    /// Whether it is paid.
    pub paid: bool,
    /// Whether paying was tried.
    pub attempted: bool,
    /// How much it is.
    pub total_cents: i64,
    /// In which currency.
    pub currency: String,
    /// What for.
    pub lines: Vec<(String, i64)>,
    /// When it was made.
    pub at: DateTime<Utc>,
}

impl Stripe {
    /// Stripe, spoken to through `outbound`.
    #[must_use]
    pub fn new(outbound: Outbound, options: StripeOptions) -> Self {
        Self { outbound, options }
    }

    /// The secret with which it signs events.
    #[must_use]
    pub fn webhook_secret(&self) -> &str {
        &self.options.webhook_secret
    }

    /// Makes a customer; the same one for an organization, however often it is asked within a day.
    pub async fn customer_create(&self, payer: &Payer) -> Result<String, PaymentError> {
        let mut form = vec![("name", payer.name.as_str()), ("metadata[organization]", payer.organization.as_str())];
        form.extend(payer.email.as_deref().map(|email| ("email", email)));
        let key = format!("tidemill-customer-{}", payer.organization);
        let made = self.call(Method::POST, "customers", &form, Some(&key)).await?;
        text(&made, "/id", "id")
    }

    /// A page on which the customer subscribes to a price. Returns its address.
    pub async fn checkout(&self, customer: &str, price: &str, back: &str) -> Result<String, PaymentError> {
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("success_url", back),
            ("cancel_url", back),
        ];
        let made = self.call(Method::POST, "checkout/sessions", &form, None).await?;
        text(&made, "/url", "url")
    }

    /// A page on which the customer changes cards, reads invoices and cancels. Returns its address.
    pub async fn portal(&self, customer: &str, back: &str) -> Result<String, PaymentError> {
        let form = [("customer", customer), ("return_url", back)];
        let made = self.call(Method::POST, "billing_portal/sessions", &form, None).await?;
        text(&made, "/url", "url")
    }

    /// A subscription as it is now.
    pub async fn subscription(&self, id: &str) -> Result<StripeSubscription, PaymentError> {
        let found = self.call(Method::GET, &format!("subscriptions/{}", segment(id)), &[], None).await?;
        let price =
            text(&found, "/items/data/0/price/id", "price").or_else(|_| text(&found, "/items/data/0/plan/id", "price"))?;
        Ok(StripeSubscription {
            id: text(&found, "/id", "id")?,
            customer: text(&found, "/customer", "customer")?,
            status: text(&found, "/status", "status")?,
            price,
            item: text(&found, "/items/data/0/id", "items")?,
            ends: found["cancel_at_period_end"] == true,
        })
    }

    /// Ends a subscription with its period.
    pub async fn cancel_at_period_end(&self, id: &str) -> Result<(), PaymentError> {
        let path = format!("subscriptions/{}", segment(id));
        self.call(Method::POST, &path, &[("cancel_at_period_end", "true")], None).await.map(drop)
    }

    /// Changes the price of a subscription at once; Stripe charges what is left of the period.
    pub async fn change_price(&self, id: &str, price: &str) -> Result<(), PaymentError> {
        let item = self.subscription(id).await?.item;
        let form = [("items[0][id]", item.as_str()), ("items[0][plan]", price), ("cancel_at_period_end", "false")];
        self.call(Method::POST, &format!("subscriptions/{}", segment(id)), &form, None).await.map(drop)
    }

    /// An invoice as it is now.
    pub async fn invoice(&self, id: &str) -> Result<PaidInvoice, PaymentError> {
        let found = self.call(Method::GET, &format!("invoices/{}", segment(id)), &[], None).await?;
        let line = |line: &Value| {
            let what = line["description"].as_str().unwrap_or("subscription");
            (what.chars().take(300).collect(), line["amount"].as_i64().unwrap_or_default())
        };
        let created = found["created"].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        Ok(PaidInvoice {
            id: text(&found, "/id", "id")?,
            customer: text(&found, "/customer", "customer")?,
            paid: found["status"] == "paid",
            attempted: found["attempted"] == true || found["attempt_count"].as_i64().unwrap_or_default() > 0,
            total_cents: found["total"].as_i64().ok_or(PaymentError::Unreadable("total"))?,
            currency: text(&found, "/currency", "currency")?,
            lines: found["lines"]["data"].as_array().into_iter().flatten().map(line).collect(),
            at: created.ok_or(PaymentError::Unreadable("created"))?,
        })
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Result<Value, PaymentError> {
        let url = self.options.url.join(&format!("/v1/{path}")).map_err(|_| PaymentError::Unreadable("url"))?;
        let mut headers = HeaderMap::new();
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", self.options.key))
            .map_err(|_| PaymentError::Refused { status: 401, message: "stripe_key is no key".to_owned() })?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(key) = idempotency_key.and_then(|key| HeaderValue::try_from(key).ok()) {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        let body = Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
        let request = Request { method, url, headers, body, follow_redirects: false, timeout: TIMEOUT, credential: None };
        let answer = self.outbound.send(request).await.map_err(PaymentError::Unreachable)?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status.is_success() {
            return Ok(value);
        }
        let said = value.pointer("/error/message").and_then(Value::as_str).unwrap_or("nothing more");
        Err(PaymentError::Refused { status: answer.status.as_u16(), message: said.chars().take(300).collect() })
    }
}

fn text(value: &Value, pointer: &str, name: &'static str) -> Result<String, PaymentError> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or(PaymentError::Unreadable(name))
}

/// An id of Stripe as one part of an address.
fn segment(id: &str) -> String {
    id.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}
