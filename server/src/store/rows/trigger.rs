//! Triggers of active versions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::{trigger_states, trigger_tests, triggers};

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

/// An address at which a version's trigger takes deliveries for a while.
#[derive(Debug, Insertable)]
#[diesel(table_name = trigger_tests)]
pub struct TriggerTest {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The hash of the token in the address.
    pub hash: Vec<u8>,
    /// The workflow's internal id.
    pub workflow_uid: Uuid,
    /// The version that is executed.
    pub version: i32,
    /// The trigger's id in its file.
    pub trigger_id: String,
    /// Until when it works.
    pub expires_at: DateTime<Utc>,
}

/// What the checks of a condition have seen.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = trigger_states)]
pub struct TriggerState {
    /// When it was last checked.
    pub checked_at: Option<DateTime<Utc>>,
    /// When that last went well.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// What it gave then.
    pub result: Option<serde_json::Value>,
    /// Why the last check failed.
    pub error: Option<String>,
    /// Whether the condition was true.
    pub holds: bool,
    /// How often it has fired.
    pub fired: i64,
    /// When it last fired.
    pub fired_at: Option<DateTime<Utc>>,
}
