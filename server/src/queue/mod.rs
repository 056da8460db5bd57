//! Who may advance an execution: claims, leases, heartbeats of nodes.
//!
//! A lease is a row's `(lease_node, lease_epoch)`. It holds for as long as its node lives; a node lives for as long as its
//! heartbeat says so. Every write of an executor names its lease, so that a node which was only slow can do no harm.

mod answer;
mod request;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::ids::{ExecutionId, NodeId, WorkflowUid, WorkspaceId};

use crate::journal::Lease;
use crate::store::queries::{control, queue as query};
use crate::store::{Database, Error};

pub use answer::{AnswerTo, Child, Posted};
pub use request::{Holder, Request, Tail, Wish};

/// How long a node lives after its last heartbeat.
const LIFE: TimeDelta = TimeDelta::seconds(15);

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
}

/// What a node says about itself with each heartbeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Whether it is stopping.
    pub draining: bool,
    /// How many executions it holds.
    pub running: usize,
    /// How many more it takes.
    pub free: usize,
}

/// The queue, as this node sees it.
#[derive(Debug, Clone)]
pub struct Queue {
    database: Database,
    node: NodeId,
}

impl Queue {
    /// The queue for `node`.
    #[must_use]
    pub fn new(database: Database, node: NodeId) -> Self {
        Self { database, node }
    }

    /// Takes up to `limit` executions that are due, those of lost nodes included.
    pub async fn claim(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Claim>, Error> {
        let (node, limit) = (self.node.0, i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.database.engine(move |connection| Ok(query::claim(connection, node, now, limit)?)).await?;
        Ok(rows.into_iter().map(Claim::from).collect())
    }

    /// Takes over up to `limit` executions of nodes that were lost.
    pub async fn take_over(&self, now: DateTime<Utc>, limit: usize) -> Result<Vec<Claim>, Error> {
        let (node, limit) = (self.node.0, i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.database.engine(move |connection| Ok(query::take_over(connection, node, now, limit)?)).await?;
        Ok(rows.into_iter().map(Claim::from).collect())
    }

    /// When the next execution that nobody holds is due.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, Error> {
        self.database.engine(|connection| Ok(query::next_due(connection)?)).await
    }

    /// The leases of this node, as the database knows them.
    pub async fn held(&self) -> Result<Vec<Lease>, Error> {
        let node = self.node.0;
        let rows = self.database.engine(move |connection| Ok(query::held(connection, node)?)).await?;
        let lease = |row: query::LeaseRow| Lease {
            execution_id: ExecutionId(row.execution_id),
            workspace_id: WorkspaceId(row.workspace_id),
            epoch: row.lease_epoch,
        };
        Ok(rows.into_iter().map(lease).collect())
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

    /// Says that this node lives, and returns what is wanted of the executions that it holds.
    pub async fn heartbeat(&self, name: &str, load: Load, now: DateTime<Utc>) -> Result<Vec<(ExecutionId, Request)>, Error> {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let node = query::NodeRow {
            id: self.node.0,
            name: name.to_owned(),
            expires_at: now + LIFE,
            draining: load.draining,
            running: count(load.running),
            free: count(load.free),
        };
        let rows = self
            .database
            .engine(move |connection| {
                query::heartbeat(connection, &node, now)?;
                query::forget_nodes(connection, now)?;
                Ok(control::requests(connection, node.id)?)
            })
            .await?;
        let requests = |row: control::RequestRow| {
            let requests = Request::from_columns(row.cancel.as_ref(), row.pause.as_ref());
            requests
                .into_iter()
                .chain(row.answered.then(Request::look))
                .map(move |request| (ExecutionId(row.execution_id), request))
        };
        Ok(rows.into_iter().flat_map(requests).collect())
    }

    /// Declares an earlier process dead, which this one knows to be gone: nobody need wait for its heartbeat to end.
    pub async fn bury(&self, node: NodeId, now: DateTime<Utc>) -> Result<(), Error> {
        self.database.engine(move |connection| Ok(query::expire_node(connection, node.0, now).map(drop)?)).await
    }

    /// Gives everything back and leaves, for a clean stop.
    pub async fn leave(&self, now: DateTime<Utc>) -> Result<usize, Error> {
        let node = self.node.0;
        self.database
            .engine(move |connection| {
                let given_back = query::release_node(connection, node, now)?;
                query::expire_node(connection, node, now)?;
                query::forget_nodes(connection, now)?;
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
        }
    }
}
