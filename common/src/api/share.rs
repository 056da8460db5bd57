//! Shares: what somebody may do with one thing beyond the role.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ShareId, UserId, WorkspaceId};

/// What a share permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Read it, and its executions.
    View,
    /// That, and start, cancel, pause, resume and retry its executions.
    Execute,
    /// That, and change it.
    Edit,
    /// Let steps use it; never see it.
    Use,
}

impl Permission {
    /// Whether this permits what `needed` permits.
    #[must_use]
    pub fn covers(self, needed: Self) -> bool {
        match needed {
            Self::View => self != Self::Use,
            Self::Execute => matches!(self, Self::Execute | Self::Edit),
            Self::Edit => self == Self::Edit,
            Self::Use => self == Self::Use,
        }
    }
}

/// What can be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Shareable {
    /// A workflow, with its executions.
    Workflow,
    /// One execution.
    Execution,
    /// A credential.
    Credential,
}

/// A share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ShareView {
    /// The share's id.
    pub id: ShareId,
    /// What kind of thing is shared.
    pub object_kind: Shareable,
    /// Which one: a workflow's id, an execution's id, a credential's name.
    pub object_id: String,
    /// The user it is shared with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub user_id: Option<UserId>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub user_name: Option<String>,
    /// The slug of the workspace whose members it is shared with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub workspace: Option<String>,
    /// What they may do.
    pub permission: Permission,
    /// Who shared it.
    pub created_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A new share: with a user or with a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ShareCreate {
    /// What kind of thing.
    pub object_kind: Shareable,
    /// Which one: a workflow's id, an execution's id, a credential's name.
    pub object_id: String,
    /// The member to share it with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_id: Option<UserId>,
    /// The slug of the workspace whose members to share it with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workspace: Option<String>,
    /// What they may do.
    pub permission: Permission,
    /// Days until it ends, 1 to 3650; never when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "3650"))))]
    pub expires_in_days: Option<u32>,
}

/// The workspace's shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ShareList {
    /// The shares, newest first.
    pub items: Vec<ShareView>,
}

/// Something of another workspace that is shared with you.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SharedView {
    /// The workspace that it belongs to.
    pub workspace_id: WorkspaceId,
    /// Its slug: send it as `Tidemill-Workspace` to act on what is shared.
    pub workspace: String,
    /// What kind of thing it is.
    pub object_kind: Shareable,
    /// Which one: a workflow's id, an execution's id, a credential's name.
    pub object_id: String,
    /// What you may do.
    pub permission: Permission,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What is shared with you.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SharedList {
    /// By workspace and kind.
    pub items: Vec<SharedView>,
}
