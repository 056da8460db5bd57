//! Is the server alive, ready, and what is it.

use serde::{Deserialize, Serialize};

use crate::step_protocol::Level;

/// The server's health. Answers 200 as long as the process can answer at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct HealthView {
    /// `ok`.
    pub status: String,
    /// The server's version.
    pub version: String,
    /// How well code steps are locked up here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub sandbox: Option<SandboxView>,
}

/// How well code steps are locked up. `tidemill doctor` tells more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SandboxView {
    /// The level that was measured when the step host started.
    pub level: Level,
    /// The level that this server asks for.
    pub minimum: Level,
    /// Whether code steps are run.
    pub available: bool,
    /// The same for steps with `runtime: node`; absent where the operator doesn't allow them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub node: Option<NodeRuntimeView>,
}

/// How well steps with `runtime: node` are locked up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NodeRuntimeView {
    /// The level that was measured when their step host started.
    pub level: Level,
    /// Whether they are run.
    pub available: bool,
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
