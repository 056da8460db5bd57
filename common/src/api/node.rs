//! Nodes: the server processes on one database.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::NodeId;

/// All nodes, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct NodeList {
    /// The nodes.
    pub items: Vec<ServerNode>,
}

/// A server process. One that stopped in order is not listed any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ServerNode {
    /// Its id: another one at each start.
    pub id: NodeId,
    /// Its name: the machine's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Whether it lives.
    pub state: NodeState,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it was last heard of; a living node says something every five seconds.
    pub heartbeat_at: DateTime<Utc>,
    /// How many executions it holds.
    pub running: i32,
    /// How many more it takes.
    pub free: i32,
}

/// Whether a node lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It works.
    Alive,
    /// It is stopping: it takes nothing new.
    Draining,
    /// It is not heard of any more; what it held is taken over.
    Lost,
}

impl NodeState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Draining => "draining",
            Self::Lost => "lost",
        }
    }
}
