//! Members of a workspace, service accounts and invites.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::share::Permission;
use super::workspace::Role;
use crate::ids::{InviteId, UserId};

/// What kind of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// Somebody.
    Person,
    /// A program: it has tokens and no password.
    Service,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MemberView {
    /// The user.
    pub user_id: UserId,
    /// The name shown to others.
    pub name: String,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// A person or a service account.
    pub kind: UserKind,
    /// What the member may do.
    pub role: Role,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Until when; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A new member: an account of the organisation. Others are invited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MemberCreate {
    /// The user, by id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<UserId>,
    /// Or by e-mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// What the member may do.
    pub role: Role,
    /// Days until the membership ends, 1 to 3650; a guest must have an end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "3650"))))]
    pub expires_in_days: Option<u32>,
}

/// What changes about a member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MemberUpdate {
    /// What the member may do from now on.
    pub role: Role,
    /// Days until the membership ends, 1 to 3650; a guest must have an end, and others have none when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "3650"))))]
    pub expires_in_days: Option<u32>,
}

/// The members of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MemberList {
    /// The members, by name.
    pub items: Vec<MemberView>,
}

/// A new service account of the workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ServiceAccountCreate {
    /// Its name: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
    /// What it may do.
    pub role: Role,
}

/// A new invite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteCreate {
    /// The role of who accepts it; never more than your own.
    pub role: Role,
    /// Whether who accepts it also administers the organisation; needs an admin of it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub organization_admin: bool,
    /// The only address that may accept it; anybody with the link when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
    /// How often it can be accepted, 1 to 1000; once when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "1000"))))]
    pub uses: Option<u32>,
    /// Hours until the link ends, 1 to 720; 72 when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "720"))))]
    pub expires_in_hours: Option<u32>,
    /// Days from now until the membership ends; a guest must have an end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "3650"))))]
    pub member_expires_in_days: Option<u32>,
    /// Workflows to share with who accepts it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub workflows: Vec<String>,
    /// What they may do with these: `view` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub permission: Option<Permission>,
}

/// An invite, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteView {
    /// The invite's id.
    pub id: InviteId,
    /// The role of who accepts it.
    pub role: Role,
    /// Whether who accepts it also administers the organisation.
    pub organization_admin: bool,
    /// The only address that may accept it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// How often it can still be accepted.
    pub uses_left: i32,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When the link ends.
    pub expires_at: DateTime<Utc>,
    /// When the membership ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub member_expires_at: Option<DateTime<Utc>>,
}

/// A new invite with its link, shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteCreated {
    /// The link to send.
    pub link: String,
    /// The secret in it.
    pub secret: String,
    /// The invite.
    pub invite: InviteView,
}

/// The open invites of a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteList {
    /// The invites, newest first.
    pub items: Vec<InviteView>,
}

/// What an invite leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteShow {
    /// The organisation.
    pub organization_name: String,
    /// The workspace.
    pub workspace_name: String,
    /// Its slug.
    pub workspace: String,
    /// The role that you would have.
    pub role: Role,
    /// The only address that may accept it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// Who invites.
    pub invited_by: String,
    /// When the link ends.
    pub expires_at: DateTime<Utc>,
    /// When the membership would end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub member_expires_at: Option<DateTime<Utc>>,
}

/// Accepts an invite: with a new account, or with the one that has the address already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct InviteAccept {
    /// Your e-mail address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 3, max_length = 254)))]
    pub email: String,
    /// The password of the account, or of the new one: 12 to 1024 characters.
    pub password: String,
    /// The name shown to others, for a new account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: Option<String>,
    /// The code of your second factor, if the account has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
}
