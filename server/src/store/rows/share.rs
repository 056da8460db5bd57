//! Shares: what somebody may do with one thing beyond the role.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::api::share::{Permission, Shareable};
use uuid::Uuid;

use crate::store::Error;
use crate::store::schema::shares;

/// A share.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = shares)]
pub struct Share {
    /// The workspace that the thing belongs to.
    pub workspace_id: Uuid,
    /// The share's id.
    pub id: Uuid,
    /// What kind of thing: see [`kind_word`].
    pub object_kind: String,
    /// A workflow's uid, an execution's id, a credential's name.
    pub object_id: String,
    /// The user it is shared with.
    pub user_id: Option<Uuid>,
    /// Or the workspace whose members it is shared with.
    pub to_workspace: Option<Uuid>,
    /// What they may do: see [`permission_word`].
    pub permission: String,
    /// Who shared it.
    pub created_by: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The word that the database keeps for a permission.
pub fn permission_word(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "view",
        Permission::Execute => "execute",
        Permission::Edit => "edit",
        Permission::Use => "use",
    }
}

/// The permission that the database calls `word`.
pub fn permission_from_word(word: &str) -> Result<Permission, Error> {
    match word {
        "view" => Ok(Permission::View),
        "execute" => Ok(Permission::Execute),
        "edit" => Ok(Permission::Edit),
        "use" => Ok(Permission::Use),
        other => Err(Error::Corrupt(format!("no permission is called `{other}`"))),
    }
}

/// The word that the database keeps for a kind of thing.
pub fn kind_word(kind: Shareable) -> &'static str {
    match kind {
        Shareable::Workflow => "workflow",
        Shareable::Execution => "execution",
        Shareable::Credential => "credential",
    }
}

/// The kind of thing that the database calls `word`.
pub fn kind_from_word(word: &str) -> Result<Shareable, Error> {
    match word {
        "workflow" => Ok(Shareable::Workflow),
        "execution" => Ok(Shareable::Execution),
        "credential" => Ok(Shareable::Credential),
        other => Err(Error::Corrupt(format!("no kind of thing is called `{other}`"))),
    }
}
