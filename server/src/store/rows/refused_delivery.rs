//! Arrivals that a plan refused.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::store::schema::refused_deliveries;

/// An arrival that was refused.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refused_deliveries)]
pub struct RefusedDelivery {
    /// The workspace.
    pub workspace_id: Uuid,
    /// That of the execution which it did not start.
    pub id: Uuid,
    /// When it came.
    pub at: DateTime<Utc>,
    /// The workflow that it was for.
    pub workflow_uid: Uuid,
    /// The `id` of its file.
    pub workflow_id: String,
    /// The version that was live.
    pub version: i32,
    /// What kind of trigger took it.
    pub trigger_type: String,
    /// Which one.
    pub trigger_id: Option<String>,
    /// What expressions see as `trigger`.
    pub input: Value,
    /// Who delivers.
    pub source: Option<String>,
    /// The sender's id of the delivery.
    pub key: Option<String>,
    /// What is used up.
    pub metric: String,
    /// How often it came.
    pub times: i32,
    /// When it was replayed.
    pub replayed_at: Option<DateTime<Utc>>,
    /// The execution that it has started then.
    pub execution_id: Option<Uuid>,
}
