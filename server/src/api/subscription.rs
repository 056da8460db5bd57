//! `/api/subscriptions`: addresses outside that are told of events, and the log of what they were told.

use poem_openapi::param::{Header, Path, Query};
use poem_openapi::{ApiResponse, OpenApi};
use tidemill_common::api::subscription::{
    SubscriptionCreate, SubscriptionDeliveryPage, SubscriptionDeliveryState, SubscriptionDeliveryView, SubscriptionList,
    SubscriptionSecret, SubscriptionUpdate, SubscriptionView,
};
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId};

use super::authenticate::Token;
use super::failure::{BodyFailure, ReadFailure, WriteFailure};
use super::payload::{Gone, Json};
use super::{Tag, page};
use crate::app::Subscriptions;

/// Subscriptions of the workspace.
pub struct SubscriptionApi(pub Subscriptions);

/// A new subscription.
#[derive(ApiResponse)]
enum SubscriptionCreatedResponse {
    /// Made. The signing key is shown this one time.
    #[oai(status = 201)]
    Created(
        Json<SubscriptionSecret>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

/// A new signing key.
#[derive(ApiResponse)]
enum SubscriptionRotatedResponse {
    /// It signs from now on. It is shown this one time.
    #[oai(status = 200)]
    Rotated(
        Json<SubscriptionSecret>,
        /// `no-store`: the answer holds a secret.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Subscriptions")]
impl SubscriptionApi {
    /// List subscriptions
    ///
    /// Oldest first, without their signing keys.
    #[oai(path = "/api/subscriptions", method = "get", operation_id = "subscription_list")]
    async fn subscription_list(&self, token: Token) -> Result<Json<SubscriptionList>, ReadFailure> {
        Ok(Json(self.0.list(&token.0).await?))
    }

    /// Make a subscription
    ///
    /// The address gets a signed POST (Standard Webhooks 1.0.0) for each of the events from now on. What fails is tried again: ten
    /// times within three days. The signing key is shown this one time.
    #[oai(path = "/api/subscriptions", method = "post", operation_id = "subscription_create")]
    async fn subscription_create(
        &self,
        token: Token,
        body: Json<SubscriptionCreate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<SubscriptionCreatedResponse, BodyFailure> {
        let made = self.0.create(&token.0, body.0).await?;
        Ok(SubscriptionCreatedResponse::Created(Json(made), "no-store".to_owned()))
    }

    /// Read a subscription
    ///
    /// Without its signing key.
    #[oai(path = "/api/subscriptions/:id", method = "get", operation_id = "subscription_view")]
    async fn subscription_view(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
    ) -> Result<Json<SubscriptionView>, ReadFailure> {
        Ok(Json(self.0.view(&token.0, id.0).await?))
    }

    /// Change a subscription
    ///
    /// What is absent stays. What waits of one that is disabled comes to nothing; one that is enabled again is told what happens
    /// from then on.
    #[oai(path = "/api/subscriptions/:id", method = "patch", operation_id = "subscription_update")]
    async fn subscription_update(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
        body: Json<SubscriptionUpdate>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<SubscriptionView>, BodyFailure> {
        Ok(Json(self.0.update(&token.0, id.0, body.0).await?))
    }

    /// Delete a subscription
    ///
    /// And the log of its deliveries.
    #[oai(path = "/api/subscriptions/:id", method = "delete", operation_id = "subscription_delete")]
    async fn subscription_delete(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Gone, WriteFailure> {
        self.0.delete(&token.0, id.0).await?;
        Ok(Gone)
    }

    /// Give a subscription a new signing key
    ///
    /// For a day the key before it signs as well: deliveries carry both signatures. The new key is shown this one time.
    #[oai(path = "/api/subscriptions/:id/rotate", method = "post", operation_id = "subscription_rotate")]
    async fn subscription_rotate(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<SubscriptionRotatedResponse, WriteFailure> {
        let rotated = self.0.rotate(&token.0, id.0).await?;
        Ok(SubscriptionRotatedResponse::Rotated(Json(rotated), "no-store".to_owned()))
    }

    /// Try a subscription out
    ///
    /// Delivers the event `test`, which never happened.
    #[oai(path = "/api/subscriptions/:id/test", method = "post", operation_id = "subscription_test")]
    async fn subscription_test(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<SubscriptionDeliveryView>, WriteFailure> {
        Ok(Json(self.0.test(&token.0, id.0).await?))
    }

    /// List what a subscription was told
    ///
    /// Newest first, with the last attempt of each; kept for 30 days.
    #[oai(path = "/api/subscriptions/:id/deliveries", method = "get", operation_id = "subscription_delivery_list")]
    async fn subscription_delivery_list(
        &self,
        token: Token,
        /// Its id.
        id: Path<SubscriptionId>,
        /// Only those in this state.
        state: Query<Option<SubscriptionDeliveryState>>,
        /// Most items of the page; 50 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<Option<u32>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<SubscriptionDeliveryPage>, ReadFailure> {
        Ok(Json(self.0.deliveries(&token.0, id.0, state.0, page(limit.0, cursor.0)).await?))
    }

    /// Deliver again
    ///
    /// A delivery that arrived or failed begins again, under the same id.
    #[oai(
        path = "/api/subscriptions/:id/deliveries/:delivery/redeliver",
        method = "post",
        operation_id = "subscription_redeliver"
    )]
    async fn subscription_redeliver(
        &self,
        token: Token,
        /// The subscription's id.
        id: Path<SubscriptionId>,
        /// The delivery's id.
        delivery: Path<SubscriptionDeliveryId>,
        /// Carries the request out once, however often it is sent.
        #[oai(name = "Idempotency-Key")]
        _key: Header<Option<String>>,
    ) -> Result<Json<SubscriptionDeliveryView>, WriteFailure> {
        Ok(Json(self.0.redeliver(&token.0, id.0, delivery.0).await?))
    }
}
