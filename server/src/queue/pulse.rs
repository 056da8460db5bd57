//! The beat of a node: it says that it lives, and sees what its loops have to know.

use chrono::{DateTime, Utc};
use serde_json::Value;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::{Queue, Request};
use crate::journal::Lease;
use crate::store::Error;
use crate::store::queries::pulse::{self as query, PulseRow};

/// How long a node lives after its last heartbeat, in seconds.
const LIFE: i64 = 15;

/// What a node is.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name, for people.
    pub name: String,
    /// What it does, words with commas between.
    pub roles: String,
}

/// What a node says about itself with each beat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Whether it is stopping.
    pub draining: bool,
    /// How many executions it holds.
    pub running: usize,
    /// How many more it takes.
    pub free: usize,
}

/// What a node saw with its last beat.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Pulse {
    /// Its leases, as the database knows them.
    pub held: Vec<Lease>,
    /// What is wanted of the executions that it holds, in the order in which it takes effect.
    pub requests: Vec<(ExecutionId, Request)>,
    /// Whether a node was lost that held something.
    pub lost: bool,
    /// Whether another node admits what it has no room for.
    pub crowded: bool,
    /// When the next execution that nobody holds is due.
    pub next_due: Option<DateTime<Utc>>,
    /// When the next schedule is due.
    pub next_schedule: Option<DateTime<Utc>>,
    /// When the next condition is to be checked.
    pub next_condition: Option<DateTime<Utc>>,
    /// When something about subscriptions or quotas is due.
    pub next_billing: Option<DateTime<Utc>>,
    /// Whether triggers listen to internal events.
    pub listens: bool,
    /// Whether there are enabled subscriptions.
    pub subscribed: bool,
    /// Whether dead letters wait to be replayed.
    pub replays: bool,
    /// Whether executions wait for others that they have called.
    pub calls: bool,
    /// When the next part of an order about many executions is due.
    pub next_bulk: Option<DateTime<Utc>>,
    /// Whether the feed has rows that are not rolled up.
    pub to_roll_up: bool,
}

impl Queue {
    /// Says that this node lives, and sees what there is to see. One statement, on a connection of its own.
    pub async fn beat(&self, node: &Node, load: Load) -> Result<Pulse, Error> {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let row = query::NodeRow {
            id: self.node.0,
            name: node.name.clone(),
            version: env!("CARGO_PKG_VERSION"),
            roles: node.roles.clone(),
            life: LIFE,
            draining: load.draining,
            running: count(load.running),
            free: count(load.free),
        };
        Ok(self.lane.run(move |connection| Ok(query::beat(connection, &row)?)).await?.into())
    }
}

impl From<PulseRow> for Pulse {
    fn from(row: PulseRow) -> Self {
        let places = row.execution_ids.iter().zip(&row.workspace_ids).zip(&row.epochs);
        let lease = |((id, workspace), epoch): ((&uuid::Uuid, &uuid::Uuid), &i32)| Lease {
            execution_id: ExecutionId(*id),
            workspace_id: WorkspaceId(*workspace),
            epoch: *epoch,
        };
        Self {
            held: places.map(lease).collect(),
            requests: row.wishes.as_array().into_iter().flatten().flat_map(requests).collect(),
            lost: row.lost,
            crowded: row.crowded,
            next_due: row.next_due,
            next_schedule: row.next_schedule,
            next_condition: row.next_condition,
            next_billing: row.next_billing,
            listens: row.listens,
            subscribed: row.subscribed,
            replays: row.replays,
            calls: row.calls,
            next_bulk: row.next_bulk,
            to_roll_up: row.to_roll_up,
        }
    }
}

/// What `[execution, cancel, pause, answered]` means.
fn requests(wish: &Value) -> Vec<(ExecutionId, Request)> {
    let Some(id) = wish[0].as_str().and_then(|id| id.parse().ok()) else { return Vec::new() };
    let column = |column: usize| Some(&wish[column]).filter(|value| !value.is_null());
    let look = (wish[3] == true).then(Request::look);
    Request::from_columns(column(1), column(2)).into_iter().chain(look).map(|request| (id, request)).collect()
}
