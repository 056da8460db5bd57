//! Subscriptions of a workspace, and what they were told.

use reqwest::Method;
use tidemill_common::api::subscription::{
    SubscriptionCreate, SubscriptionDeliveryPage, SubscriptionDeliveryState, SubscriptionDeliveryView, SubscriptionList,
    SubscriptionSecret, SubscriptionUpdate, SubscriptionView,
};
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId};

use super::{Client, Error};

impl Client {
    /// The workspace's subscriptions.
    pub async fn subscriptions(&self) -> Result<SubscriptionList, Error> {
        self.fetch(self.call(Method::GET, &["api", "subscriptions"])).await
    }

    /// One of them.
    pub async fn subscription_view(&self, id: SubscriptionId) -> Result<SubscriptionView, Error> {
        self.fetch(self.call(Method::GET, &["api", "subscriptions", &id.to_string()])).await
    }

    /// Makes a subscription.
    pub async fn subscription_create(&self, wanted: &SubscriptionCreate) -> Result<SubscriptionSecret, Error> {
        self.fetch(self.call(Method::POST, &["api", "subscriptions"]).json(wanted)).await
    }

    /// Changes a subscription.
    pub async fn subscription_update(
        &self,
        id: SubscriptionId,
        wanted: &SubscriptionUpdate,
    ) -> Result<SubscriptionView, Error> {
        self.fetch(self.call(Method::PATCH, &["api", "subscriptions", &id.to_string()]).json(wanted)).await
    }

    /// Deletes a subscription.
    pub async fn subscription_delete(&self, id: SubscriptionId) -> Result<(), Error> {
        self.done(self.call(Method::DELETE, &["api", "subscriptions", &id.to_string()])).await
    }

    /// Gives a subscription a new signing key.
    pub async fn subscription_rotate(&self, id: SubscriptionId) -> Result<SubscriptionSecret, Error> {
        self.fetch(self.call(Method::POST, &["api", "subscriptions", &id.to_string(), "rotate"])).await
    }

    /// Tries a subscription out.
    pub async fn subscription_test(&self, id: SubscriptionId) -> Result<SubscriptionDeliveryView, Error> {
        self.fetch(self.call(Method::POST, &["api", "subscriptions", &id.to_string(), "test"])).await
    }

    /// A page of what a subscription was told, newest first.
    pub async fn subscription_deliveries(
        &self,
        id: SubscriptionId,
        state: Option<SubscriptionDeliveryState>,
        limit: usize,
    ) -> Result<SubscriptionDeliveryPage, Error> {
        let call = self.call(Method::GET, &["api", "subscriptions", &id.to_string(), "deliveries"]);
        let state = state.map(SubscriptionDeliveryState::as_str);
        self.fetch(call.query("state", state).query("limit", Some(limit))).await
    }

    /// Delivers again.
    pub async fn subscription_redeliver(
        &self,
        id: SubscriptionId,
        delivery: SubscriptionDeliveryId,
    ) -> Result<SubscriptionDeliveryView, Error> {
        let path = ["api", "subscriptions", &id.to_string(), "deliveries", &delivery.to_string(), "redeliver"];
        self.fetch(self.call(Method::POST, &path)).await
    }
}
