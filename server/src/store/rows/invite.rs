//! Invites.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::store::schema::invites;

/// An invite: its hash, never its secret.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = invites)]
pub struct Invite {
    /// The workspace that it leads to.
    pub workspace_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// SHA-256 of the secret.
    pub hash: Vec<u8>,
    /// The role's word of who accepts it.
    pub role: String,
    /// Whether who accepts it administers the organisation.
    pub organization_admin: bool,
    /// The only address that may accept it.
    pub email: Option<String>,
    /// How often it can still be accepted.
    pub uses_left: i32,
    /// Until when who accepts it is a member.
    pub member_expires_at: Option<DateTime<Utc>>,
    /// The workflows that are shared with who accepts it.
    pub workflow_uids: Vec<Uuid>,
    /// With which permission.
    pub permission: Option<String>,
    /// Who made it.
    pub created_by: Uuid,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}
