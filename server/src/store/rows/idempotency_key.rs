//! Kept replies.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::idempotency_keys;

/// The first request with a key and, once it has ended, its reply.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct IdempotencyKey {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The token that sent it.
    pub token_id: Uuid,
    /// The key.
    pub key: String,
    /// SHA-256 of what the request asked for.
    pub fingerprint: Vec<u8>,
    /// The reply's HTTP status; absent while the request is under way.
    pub status: Option<i16>,
    /// The reply's media type.
    pub content_type: Option<String>,
    /// The reply's body.
    pub body: Option<Vec<u8>>,
    /// When the first request came.
    pub created_at: DateTime<Utc>,
}
