//! Is the server alive, ready, and what is it.

use serde::{Deserialize, Serialize};

/// The server's health. Answers 200 as long as the process can answer at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct HealthView {
    /// `ok`.
    pub status: String,
    /// The server's version.
    pub version: String,
}

/// Whether the server takes work. Answers 503 with a problem when it does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReadyView {
    /// `ready`.
    pub status: String,
    /// The Postgres version that it talks to.
    pub postgres: String,
    /// The newest migration that the database has.
    pub schema: String,
}
