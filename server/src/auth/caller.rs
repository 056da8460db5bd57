//! The one who asks.

use std::sync::Arc;

use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{OrganizationId, TokenId, UserId, WorkspaceId};

/// An authenticated request's user, and the workspace that it acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The user's name, for what others read: "cancelled by …".
    pub user_name: Arc<str>,
    /// The user's organisation.
    pub organization: OrganizationId,
    /// The workspace that the request acts on.
    pub workspace: WorkspaceId,
    /// The workspace's name in addresses.
    pub workspace_slug: Arc<str>,
    /// What the request may do there: the lesser of the token's role and the member's.
    pub role: Role,
    /// The token.
    pub token: TokenId,
}
