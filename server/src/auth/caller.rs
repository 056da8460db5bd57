//! The one who asks.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::api::plan::Feature;
use tidemill_common::api::share::{Permission, Shareable};
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{OrganizationId, TokenId, UserId, WorkspaceId};

/// An authenticated request's user, and the workspace that it acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The user's name, for what others read: "cancelled by …".
    pub user_name: Arc<str>,
    /// Whether the user is a service account.
    pub is_service: bool,
    /// The organisation that the user belongs to.
    pub home: OrganizationId,
    /// Whether the request may do what admins of [`Self::home`] may.
    pub organization_admin: bool,
    /// Whether the request may do what admins of the organisation that operates the server may.
    pub operator: bool,
    /// The organisation that owns the workspace.
    pub organization: OrganizationId,
    /// The workspace that the request acts on.
    pub workspace: WorkspaceId,
    /// The workspace's name in addresses.
    pub workspace_slug: Arc<str>,
    /// Whether the workspace is in use.
    pub state: WorkspaceState,
    /// What the request may do there: the lesser of the token's role and the member's.
    pub role: Role,
    /// The token, or the session under the same kind of id.
    pub token: TokenId,
    /// Whether it is a session: somebody signed in.
    pub signed_in: bool,
    /// What the token may do within its role; all of it when absent.
    pub scopes: Option<Arc<[String]>>,
    /// What the plan of the workspace's organization has.
    pub features: Arc<[Feature]>,
    /// What is shared with the user in this workspace.
    pub grants: Arc<[Grant]>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
}

/// Whether a workspace is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkspaceState {
    /// It is.
    Live,
    /// It is read only.
    Archived,
    /// It was deleted and goes for good at this instant.
    Deleted(DateTime<Utc>),
}

/// Something that is shared with the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What kind of thing.
    pub kind: Shareable,
    /// A workflow's uid, an execution's id, a credential's name.
    pub object: String,
    /// The workflow's id, when it is one.
    pub name: Option<String>,
    /// What the caller may do with it.
    pub permission: Permission,
}
