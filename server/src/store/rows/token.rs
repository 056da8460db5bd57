//! API tokens.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::tokens;

/// An API token: its hash, never its secret.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
pub struct Token {
    /// The workspace that it was made in.
    pub workspace_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    /// The secret's last four characters.
    pub last_four: String,
    /// The most that it may do: a role's word.
    pub role: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// What it may do within its role; all of it when absent.
    pub scopes: Option<Vec<String>>,
    /// The workspaces where it works; all of its user's when absent.
    pub workspaces: Option<Vec<Uuid>>,
}
