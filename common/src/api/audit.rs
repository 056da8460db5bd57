//! The audit log: who changed what.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{OrganizationId, TokenId, WorkspaceId};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum AuditActor {
    /// A person.
    User,
    /// A service account.
    ServiceAccount,
    /// The server itself.
    Node,
}

/// What is written down about one change. Its text is what the chain of hashes covers, so that fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: the `operationId`, or what the server does by itself.
    pub operation: String,
    /// Who did it.
    pub actor_kind: AuditActor,
    /// The user or service account.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub actor_id: Option<Uuid>,
    /// The token or session that it was done with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub token_id: Option<TokenId>,
    /// The network address that the request came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub address: Option<String>,
    /// The workspace; absent for what concerns the organisation as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub workspace_id: Option<WorkspaceId>,
    /// What kind of thing it was done to.
    pub object_kind: String,
    /// Which one.
    pub object_id: String,
    /// What changed, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub detail: Option<String>,
    /// SHA-256 of what it was before, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub before: Option<String>,
    /// SHA-256 of what it is now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub after: Option<String>,
}

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditRecord {
    /// The organisation whose chain it is in.
    pub organization_id: OrganizationId,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// The present name of who did it; not part of what is hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub actor_name: Option<String>,
    /// What is written down.
    pub entry: AuditEntry,
    /// The hash of the entry before it, in hexadecimal; zeros for the first.
    pub previous: String,
    /// SHA-256 of `previous`, `seq` (8 bytes, most significant first) and the text of `entry`, in hexadecimal.
    pub hash: String,
}

/// A page of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditPage {
    /// The entries, newest first.
    pub items: Vec<AuditRecord>,
    /// Send it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_cursor: Option<String>,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum AuditFormat {
    /// One JSON object a line, with the text that the hash covers.
    Jsonl,
    /// Comma-separated values with a heading (RFC 4180).
    Csv,
}
