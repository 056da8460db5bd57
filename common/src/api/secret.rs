//! Secrets of a workspace. Their values go in and never come out.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretView {
    /// Its name; expressions read it as `secrets.<name>`.
    pub name: String,
    /// When its value was last put.
    pub updated_at: DateTime<Utc>,
}

/// The workspace's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretList {
    /// The secrets, by name.
    pub items: Vec<SecretView>,
}

/// A secret's value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SecretPut {
    /// The value: 1 to 65,536 bytes. It is encrypted and never shown again.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 65_536)))]
    pub value: String,
}

impl std::fmt::Debug for SecretPut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretPut").finish_non_exhaustive()
    }
}
