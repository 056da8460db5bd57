//! Secrets of a workspace. A value goes in and never comes out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A secret, without its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretView {
    /// Its name: expressions see the value as `secrets.<name>`.
    pub name: String,
    /// When its value was last set.
    pub updated_at: DateTime<Utc>,
}

/// The workspace's secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretList {
    /// The secrets, by name.
    pub items: Vec<SecretView>,
}

/// A secret's new value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretPut {
    /// The value.
    pub value: String,
}
