//! Workspaces: the tenants.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::WorkspaceId;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, members included.
    Admin,
    /// Create, edit, execute.
    Editor,
    /// Read.
    Viewer,
    /// What is shared, until the membership ends.
    Guest,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkspaceView {
    /// The workspace's id.
    pub id: WorkspaceId,
    /// Its name in addresses: `/hooks/<slug>/…`.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// What the asking account may do in it.
    pub role: Role,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is read only.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub archived_at: Option<DateTime<Utc>>,
    /// When it goes for good, if it was deleted: until then it can be restored.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub delete_after: Option<DateTime<Utc>>,
}

/// What changes about a workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkspaceUpdate {
    /// Its name for people: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
}

/// A new workspace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkspaceCreate {
    /// Its name in addresses: 1 to 40 of `a-z`, `0-9` and `-`, beginning with a letter; unique on this server.
    #[cfg_attr(feature = "openapi", oai(validator(pattern = "^[a-z][a-z0-9-]{0,39}$")))]
    pub slug: String,
    /// Its name for people; the slug when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: Option<String>,
}

/// All workspaces that the account is a member of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WorkspaceList {
    /// The workspaces, by slug.
    pub items: Vec<WorkspaceView>,
}
