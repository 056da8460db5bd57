//! Workspaces.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::workspaces;

/// A tenant.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = workspaces)]
pub struct Workspace {
    /// Its id.
    pub id: Uuid,
    /// The organisation that owns it.
    pub organization_id: Uuid,
    /// Its name in addresses; unique on the server.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is read only.
    pub archived_at: Option<DateTime<Utc>>,
    /// When it goes for good, if it was deleted.
    pub delete_after: Option<DateTime<Utc>>,
}
