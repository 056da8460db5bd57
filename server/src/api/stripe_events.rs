//! `/api/billing/stripe`: where Stripe sends its events. Public: its signature says who it is.

use poem::http::{HeaderMap, StatusCode};
use poem::web::Data;
use poem::{Body, handler};
use tidemill_common::limits::API_BODY_BYTES;

use super::problem::{ProblemError, too_large};
use crate::app::BillingSubscriptions;

/// One event. What was heard is answered with 204; anything else is sent again by Stripe.
#[handler]
pub async fn hear(
    billing_subscriptions: Data<&BillingSubscriptions>,
    headers: &HeaderMap,
    body: Body,
) -> Result<StatusCode, ProblemError> {
    let body = body.into_bytes_limit(API_BODY_BYTES).await.map_err(|_| too_large())?;
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    billing_subscriptions.hear(signature, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}
