//! Workflow versions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::workflow_versions;

/// One version of a workflow. Immutable.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = workflow_versions)]
pub struct WorkflowVersion {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The workflow's internal id.
    pub workflow_uid: Uuid,
    /// 1 is the first.
    pub version: i32,
    /// The file as it was sent.
    pub source: String,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who saved it: with this identity its steps use what is shared. None for what older servers kept.
    pub created_by: Option<Uuid>,
}
