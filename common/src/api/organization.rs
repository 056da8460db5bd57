//! Organisations and their users.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::member::UserKind;
use crate::ids::{OrganizationId, UserId};

/// What a user may do in the organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum OrganizationRole {
    /// Everything: workspaces, users, the audit log.
    Admin,
    /// What the roles in its workspaces say.
    Member,
}

/// An organisation: it owns workspaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationView {
    /// The organisation's id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Whether its admins run this server.
    pub operator: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Organisations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationList {
    /// By name.
    pub items: Vec<OrganizationView>,
}

/// What changes about an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationUpdate {
    /// Its name: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
}

/// A new organisation with its first workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationCreate {
    /// Its name: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
    /// The first workspace's slug: 1 to 40 of `a-z`, `0-9` and `-`, beginning with a letter.
    #[cfg_attr(feature = "openapi", oai(validator(pattern = "^[a-z][a-z0-9-]{0,39}$")))]
    pub workspace: String,
    /// The only address that may accept the invite of its first admin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
}

/// A new organisation, and the invite of its first admin, shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationCreated {
    /// The organisation.
    pub organization: OrganizationView,
    /// The link to send to the first admin.
    pub link: String,
    /// The secret in it.
    pub secret: String,
}

/// A user of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserView {
    /// The user.
    pub id: UserId,
    /// The name shown to others.
    pub name: String,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// A person or a service account.
    pub kind: UserKind,
    /// What the user may do in the organisation.
    pub role: OrganizationRole,
    /// Whether signing in needs a second factor.
    pub second_factor: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// The users of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserList {
    /// By name.
    pub items: Vec<UserView>,
}

/// What changes about a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserUpdate {
    /// What the user may do in the organisation.
    pub role: OrganizationRole,
}
