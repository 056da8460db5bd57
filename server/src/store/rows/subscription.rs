//! Subscriptions and what they are told.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::store::queries::happening::Place;
use crate::store::schema::{event_subscriptions, subscription_deliveries};

/// A subscription as it is kept: only `secrets::Vault` can read its signing keys.
#[derive(Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = event_subscriptions, treat_none_as_null = true)]
pub struct Subscription {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Where deliveries go.
    pub url: String,
    /// The events that are told.
    pub events: Vec<String>,
    /// The workflow that they must have happened to.
    pub workflow: Option<String>,
    /// What it is for.
    pub name: String,
    /// Why nothing is told any more; none while it is enabled.
    pub disabled: Option<String>,
    /// When deliveries began to fail with none that arrived since.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Which data key encrypted its signing keys.
    pub key_version: i16,
    /// The nonce of this encryption.
    pub nonce: Vec<u8>,
    /// The encrypted signing keys, the present one first.
    pub ciphertext: Vec<u8>,
    /// Until when the one before it signs as well.
    pub old_key_until: Option<DateTime<Utc>>,
    /// What had happened when it began: a [`Snapshot`](crate::store::queries::feed::Snapshot) as text.
    pub begins: String,
    /// How far it has read the feed: the transaction.
    pub feed_txid: i64,
    /// The place within the transaction.
    pub feed_position: i64,
    /// How far it has read the audit log.
    pub audit_seq: i64,
}

impl Subscription {
    /// Has it begin at another place.
    pub fn begin_at(&mut self, begins: String, place: Place) {
        self.begins = begins;
        (self.feed_txid, self.feed_position, self.audit_seq) = (place.feed.0, place.feed.1, place.audit);
    }
}

/// One event that a subscription is told.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = subscription_deliveries)]
pub struct SubscriptionDelivery {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// The subscription.
    pub subscription_id: Uuid,
    /// The event.
    pub event: String,
    /// What is sent.
    pub payload: Value,
    /// When the event was noticed.
    pub created_at: DateTime<Utc>,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i32,
    /// When the next one is due.
    pub next_at: Option<DateTime<Utc>>,
    /// When the last one was made.
    pub attempted_at: Option<DateTime<Utc>>,
    /// The status of its answer.
    pub status: Option<i16>,
    /// Why it failed.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: Option<i32>,
}
