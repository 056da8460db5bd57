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
    /// The workspace that requests with this token act on.
    pub workspace: WorkspaceView,
}
