//! Members of workspaces, and how a role is written.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::api::workspace::Role;
use uuid::Uuid;

use crate::store::Error;
use crate::store::schema::members;

/// What a user may do in a workspace.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = members)]
pub struct Member {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The role's word: see [`role_from_word`].
    pub role: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when; for ever when absent.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The word that the database keeps for `role`.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Viewer => "viewer",
        Role::Guest => "guest",
    }
}

/// The role that the database calls `word`.
pub fn role_from_word(word: &str) -> Result<Role, Error> {
    match word {
        "admin" => Ok(Role::Admin),
        "editor" => Ok(Role::Editor),
        "viewer" => Ok(Role::Viewer),
        "guest" => Ok(Role::Guest),
        other => Err(Error::Corrupt(format!("no role is called `{other}`"))),
    }
}
