//! Subscriptions: addresses outside that are told of what happens in a workspace.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{SubscriptionDeliveryId, SubscriptionId};

/// A subscription, without its signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionView {
    /// Its id.
    pub id: SubscriptionId,
    /// What it is for.
    pub name: String,
    /// Where deliveries go.
    pub url: String,
    /// The events that are told.
    pub events: Vec<String>,
    /// The workflow that they must have happened to; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub workflow: Option<String>,
    /// Whether events are told.
    pub enabled: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub disabled_reason: Option<String>,
    /// When deliveries began to fail with none that arrived since; after five days it is disabled.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the signing key before the present one signs as well.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A new subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionCreate {
    /// Where deliveries go: an https or http address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 2000)))]
    pub url: String,
    /// The events that are told, such as `execution_failed`: those that a trigger of the type `event` can name.
    #[cfg_attr(feature = "openapi", oai(validator(min_items = 1, max_items = 50)))]
    pub events: Vec<String>,
    /// The workflow that they must have happened to; any when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 63)))]
    pub workflow: Option<String>,
    /// What it is for; the address's host when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: Option<String>,
}

/// What is changed about a subscription; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionUpdate {
    /// Where deliveries go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 2000)))]
    pub url: Option<String>,
    /// The events that are told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_items = 1, max_items = 50)))]
    pub events: Option<Vec<String>>,
    /// The workflow that they must have happened to; an empty text for any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 63)))]
    pub workflow: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: Option<String>,
    /// Whether events are told. One that is enabled again is told what happens from then on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub enabled: Option<bool>,
}

/// A subscription and its signing key, which is shown this one time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionSecret {
    /// The key, `whsec_…`: the other side verifies deliveries with it (Standard Webhooks 1.0.0). It can't be shown again.
    pub secret: String,
    /// The subscription.
    pub subscription: SubscriptionView,
}

impl std::fmt::Debug for SubscriptionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubscriptionSecret").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}

/// The workspace's subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionList {
    /// The subscriptions, oldest first.
    pub items: Vec<SubscriptionView>,
}

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum SubscriptionDeliveryState {
    /// Its next attempt is to come, or is under way.
    Waiting,
    /// The other side took it.
    Delivered,
    /// It is not tried any more.
    Failed,
}

impl SubscriptionDeliveryState {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// One event that a subscription is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionDeliveryView {
    /// Its id. The header `webhook-id` is `msg_` and this, in every attempt.
    pub id: SubscriptionDeliveryId,
    /// The event.
    pub event: String,
    /// What has become of it.
    pub state: SubscriptionDeliveryState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next one is due.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_at: Option<DateTime<Utc>>,
    /// When the last one was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub attempted_at: Option<DateTime<Utc>>,
    /// What status was answered then.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub status: Option<u16>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub duration_ms: Option<u32>,
    /// When the event was noticed.
    pub created_at: DateTime<Utc>,
    /// What is sent.
    pub payload: Value,
}

/// A page of deliveries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SubscriptionDeliveryPage {
    /// The deliveries, newest first.
    pub items: Vec<SubscriptionDeliveryView>,
    /// Names the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}
