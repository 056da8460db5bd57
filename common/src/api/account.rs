//! Who is asking.

use serde::{Deserialize, Serialize};

use super::workspace::WorkspaceView;
use crate::ids::{OrganizationId, UserId};

/// The account behind the token of this request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccountView {
    /// The user.
    pub user_id: UserId,
    /// The name shown to others.
    pub name: String,
    /// The e-mail address, if one is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// The organisation.
    pub organization_id: OrganizationId,
    /// The organisation's name.
    pub organization_name: String,
    /// Whether the account administers the organisation.
    pub organization_admin: bool,
    /// The workspace that requests with this token act on.
    pub workspace: WorkspaceView,
}

/// What changes about your account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccountUpdate {
    /// The name shown to others: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
}

/// Asks for the erasure of an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AccountErase {
    /// The name of the account, as a sign that it is meant.
    pub confirm: String,
}
