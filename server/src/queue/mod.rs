//! Who may advance an execution: claims, leases, heartbeats of nodes.
//!
//! A lease is a row's `(lease_node, lease_epoch)`. It holds for as long as its node lives; a node lives for as long as its
//! heartbeat says so. Every write of an executor names its lease, so that a node which was only slow can do no harm.

mod answer;
mod pulse;
mod request;

use chrono::{DateTime, Utc};
use tidemill_common::ids::{ExecutionId, NodeId, WorkflowUid, WorkspaceId};

use crate::journal::Lease;
use crate::store::queries::{pulse as pulse_query, queue as query};
use crate::store::{Database, Error, Lane};

pub use answer::{AnswerTo, Child, Posted};
pub use pulse::{Load, Node, Pulse};
pub use request::{Holder, Request, Tail, Wish};

/// An execution that this node has just got the lease of.
#[derive(Debug)]
pub struct Claim {
    /// The lease.
    pub lease: Lease,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The version that is executed.
    pub version: i32,
    /// What was wanted of it while nobody held it.
    pub requests: Vec<Request>,
    /// How many nodes were lost with it since it last came to rest.
    pub takeovers: i16,
    /// Whether it waits for a concurrency key or for its rate limit, so that it may end but not begin.
    pub blocked: bool,
    /// Since when it was due.
    pub available_at: DateTime<Utc>,
}

/// The queue, as this node sees it.
#[derive(Debug, Clone)]
pub struct Queue {
    database: Database,
    node: NodeId,
    /// For heartbeats, which must go on when the pools are exhausted.
    lane: Lane,
}

impl Queue {
    /// The queue for `node`.
    #[must_use]
    pub fn new(database: Database, node: NodeId) -> Self {
        Self { lane: Lane::new(database.clone()), database, node }
    }

    /// Takes up to `limit` executions that have become due since `floor`.
    pub async fn claim(&self, (floor, now): (DateTime<Utc>, DateTime<Utc>), limit: usize) -> Result<Vec<Claim>, Error> {
        let (node, limit) = (self.node.0, i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.database.engine(move |connection| Ok(query::claim(connection, node, (floor, now), limit)?)).await?;
        Ok(rows.into_iter().map(Claim::from).collect())
    }

    /// Takes over up to `limit` executions of nodes that were lost, and up to `suspects` of those with which a node was lost
    /// before.
    pub async fn take_over(&self, limit: usize, suspects: usize) -> Result<Vec<Claim>, Error> {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (node, limit, suspects) = (self.node.0, count(limit), count(suspects));
        let rows = self.database.engine(move |connection| Ok(query::take_over(connection, node, limit, suspects)?)).await?;
        Ok(rows.into_iter().map(Claim::from).collect())
    }

    /// When the next execution that nobody holds is due, of those that are due from `floor` on.
    pub async fn next_due(&self, floor: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        self.database.engine(move |connection| Ok(query::next_due(connection, floor)?)).await
    }

    /// Gives a lease back without an append; the execution is due again at `available_at`.
    pub async fn give_back(&self, lease: Lease, available_at: DateTime<Utc>) -> Result<(), Error> {
        let node = self.node.0;
        self.database
            .engine(move |connection| {
                query::give_back(connection, node, lease.execution_id.0, lease.epoch, available_at)?;
                Ok(())
            })
            .await
    }

    /// Gives a lease back after a failure that is not the world's: it counts as if a node was lost.
    pub async fn give_back_failed(&self, lease: Lease, available_at: DateTime<Utc>) -> Result<(), Error> {
        let node = self.node.0;
        self.database
            .engine(move |connection| {
                query::give_back_failed(connection, node, lease.execution_id.0, lease.epoch, available_at)?;
                Ok(())
            })
            .await
    }

    /// Declares an earlier process dead, which this one knows to be gone: nobody need wait for its heartbeat to end.
    pub async fn bury(&self, node: NodeId) -> Result<(), Error> {
        self.database.engine(move |connection| Ok(pulse_query::bury(connection, node.0).map(drop)?)).await
    }

    /// Gives everything back and leaves, for a clean stop.
    pub async fn leave(&self, now: DateTime<Utc>) -> Result<usize, Error> {
        let node = self.node.0;
        self.database
            .engine(move |connection| {
                let given_back = query::release_node(connection, node, now)?;
                pulse_query::forget(connection, node)?;
                Ok(given_back)
            })
            .await
    }
}

impl From<query::ClaimRow> for Claim {
    fn from(row: query::ClaimRow) -> Self {
        Self {
            lease: Lease {
                execution_id: ExecutionId(row.execution_id),
                workspace_id: WorkspaceId(row.workspace_id),
                epoch: row.lease_epoch,
            },
            workflow_uid: WorkflowUid(row.workflow_uid),
            version: row.version,
            requests: Request::from_columns(row.cancel.as_ref(), row.pause.as_ref()),
            takeovers: row.takeovers,
            blocked: row.blocked,
            available_at: row.available_at,
        }
    }
}
