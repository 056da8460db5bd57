//! API tokens.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::workspace::Role;
use crate::ids::{TokenId, UserId, WorkspaceId};

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TokenView {
    /// The token's id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// Its last four characters, to recognise it by.
    pub last_four: String,
    /// The most that it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whose it is.
    pub user_id: UserId,
    /// What it may do within its role; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub scopes: Option<Vec<String>>,
    /// The workspaces where it works; everywhere that its user is a member when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub workspaces: Option<Vec<WorkspaceId>>,
}

/// A new token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TokenCreate {
    /// What it is for: 1 to 100 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 100)))]
    pub name: String,
    /// The most that it may do; the maker's own role when absent, and never more than that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<Role>,
    /// Days until it stops working, 1 to 3650; never when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "3650"))))]
    pub expires_in_days: Option<u32>,
    /// What it may do within its role: words such as `workflow:read` and `execution:write`; all of it when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scopes: Option<Vec<String>>,
    /// The workspaces where it works, by id; everywhere that you are a member when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workspaces: Option<Vec<WorkspaceId>>,
    /// The service account that it acts for; you when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_account: Option<UserId>,
}

/// A new token with its secret, shown this one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TokenCreated {
    /// The secret: send it as `Authorization: Bearer …`. It can't be shown again.
    pub secret: String,
    /// The token.
    pub token: TokenView,
}

/// The workspace's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct TokenList {
    /// The tokens, newest first.
    pub items: Vec<TokenView>,
}
