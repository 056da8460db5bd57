//! Workflows.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::workflows;

/// A workflow: what changes about it. Its files are in `workflow_versions`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = workflows)]
pub struct Workflow {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its internal id.
    pub uid: Uuid,
    /// The `id` of its file.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The newest version.
    pub version: i32,
    /// The version whose triggers are live.
    pub active_version: Option<i32>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
