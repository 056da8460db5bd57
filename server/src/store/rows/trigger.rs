//! Triggers of active versions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::triggers;

/// A trigger of an active workflow version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = triggers)]
pub struct Trigger {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The workflow's internal id.
    pub workflow_uid: Uuid,
    /// Its id in the workflow file.
    pub id: String,
    /// The active version.
    pub version: i32,
    /// `webhook`, `schedule` …
    pub kind: String,
    /// Where deliveries are posted, below the workspace's slug (webhook).
    pub path: Option<String>,
    /// When there is something to do next (schedule): `instant`, and the delay of its firing.
    pub next_at: Option<DateTime<Utc>>,
    /// The first instant that has not fired yet (schedule).
    pub instant: Option<DateTime<Utc>>,
    /// The last instant that fired (schedule).
    pub last_at: Option<DateTime<Utc>>,
}
