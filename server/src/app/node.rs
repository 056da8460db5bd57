//! Nodes: the server processes on this database.

use tidemill_common::api::node::{NodeList, NodeState, ServerNode};
use tidemill_common::ids::NodeId;

use super::access::authorize;
use super::error::Error;
use crate::auth::{Caller, Operation};
use crate::store::Database;
use crate::store::queries::node::{NodeListRow, node_list};

/// Nodes.
#[derive(Debug, Clone)]
pub struct Nodes {
    database: Database,
}

impl Nodes {
    /// The nodes of `database`.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// All of them, the oldest first.
    pub async fn list(&self, caller: &Caller) -> Result<NodeList, Error> {
        authorize(caller, Operation::NodeList)?;
        let rows = self.database.with_tenant(caller.workspace, node_list).await?;
        Ok(NodeList { items: rows.into_iter().map(view).collect() })
    }
}

fn view(row: NodeListRow) -> ServerNode {
    let state = match (row.is_lost, row.draining) {
        (true, _) => NodeState::Lost,
        (false, true) => NodeState::Draining,
        (false, false) => NodeState::Alive,
    };
    ServerNode {
        id: NodeId(row.id),
        name: row.name,
        version: row.version,
        roles: row.roles.split(',').map(str::to_owned).collect(),
        state,
        started_at: row.started_at,
        heartbeat_at: row.heartbeat_at,
        running: row.running,
        free: row.free,
    }
}
