//! `/api/billing/subscription` and what changes it.

use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};
use tidemill_common::api::billing_subscription::{
    BillingSubscriptionCreate, BillingSubscriptionUpdate, BillingSubscriptionView, PlanChoice,
};
use tidemill_common::ids::OrganizationId;
use uuid::Uuid;

use super::Tag;
use super::authenticate::Token;
use super::failure::{BodyFailure, PaymentFailure, ReadFailure};
use super::payload::{Json, OptionalJson};
use crate::app::BillingSubscriptions;

/// Which plan organisations are on.
pub struct BillingSubscriptionApi(pub BillingSubscriptions);

#[OpenApi(tag = "Tag::Billing")]
impl BillingSubscriptionApi {
    /// Read your organisation's subscription
    ///
    /// With what goes beyond the limits of the plan that comes, and what is paused. For its admins.
    #[oai(path = "/api/billing/subscription", method = "get", operation_id = "billing_subscription_view")]
    async fn billing_subscription_view(&self, token: Token) -> Result<Json<BillingSubscriptionView>, ReadFailure> {
        Ok(Json(self.0.subscription(&token.0).await?))
    }

    /// Subscribe to a plan
    ///
    /// A greater plan is there at once, and what is left of the period is charged; with `trial` it can be tried for nothing first. The
    /// present plan takes back that it was to end.
    #[oai(path = "/api/billing/subscribe", method = "post", operation_id = "billing_subscription_create")]
    async fn billing_subscription_create(
        &self,
        token: Token,
        body: Json<BillingSubscriptionCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BillingSubscriptionView>, PaymentFailure> {
        Ok(Json(self.0.subscribe(&token.0, body.0).await?))
    }

    /// Upgrade to a greater plan
    ///
    /// At once: what is left of the period is charged at the difference, and what was paused goes on.
    #[oai(path = "/api/user/plan/upgrade", method = "post", operation_id = "plan_upgrade")]
    async fn plan_upgrade(
        &self,
        token: Token,
        body: Json<PlanChoice>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BillingSubscriptionView>, PaymentFailure> {
        Ok(Json(self.0.upgrade(&token.0, body.0).await?))
    }

    /// Downgrade to a lesser plan
    ///
    /// When the period ends. The answer lists what goes beyond its limits: it is paused then, never deleted.
    #[oai(path = "/api/user/plan/downgrade", method = "post", operation_id = "plan_downgrade")]
    async fn plan_downgrade(
        &self,
        token: Token,
        body: Json<PlanChoice>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BillingSubscriptionView>, PaymentFailure> {
        Ok(Json(self.0.downgrade(&token.0, body.0).await?))
    }

    /// Cancel a subscription
    ///
    /// When the period ends; subscribing to the same plan takes it back until then.
    #[oai(path = "/api/billing/subscription/:id/cancel", method = "post", operation_id = "billing_subscription_cancel")]
    async fn billing_subscription_cancel(
        &self,
        token: Token,
        /// The subscription's id.
        id: Path<Uuid>,
        /// Nothing is said.
        _body: OptionalJson<serde_json::Value>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BillingSubscriptionView>, PaymentFailure> {
        Ok(Json(self.0.cancel(&token.0, id.0).await?))
    }

    /// Put an organisation on a plan
    ///
    /// At once, without an invoice; or set where its months begin. For admins of the organisation that runs this server.
    #[oai(path = "/api/organizations/:id/subscription", method = "patch", operation_id = "organization_subscription_update")]
    async fn organization_subscription_update(
        &self,
        token: Token,
        /// The organisation's id.
        id: Path<OrganizationId>,
        body: Json<BillingSubscriptionUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<BillingSubscriptionView>, BodyFailure> {
        Ok(Json(self.0.set(&token.0, id.0, body.0).await?))
    }
}
