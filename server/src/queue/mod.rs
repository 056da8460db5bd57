//! Who may advance an execution: claims, leases, heartbeats of nodes.
//!
//! A lease is a row's `(lease_node, lease_epoch)`. It holds for as long as its node lives; a node lives for as long as its
//! heartbeat says so. Every write of an executor names its lease, so that a node which was only slow can do no harm.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tidemill_common::ids::{ExecutionId, NodeId, WorkflowUid, WorkspaceId};

use crate::journal::Lease;
use crate::store::queries::queue as query;
use crate::store::{Database, Error};

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
    /// A request to cancel it, from while nobody held it.
    pub cancel: Option<Cancel>,
}

/// A request to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
}

/// Where a request to cancel must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody: whoever claims the execution next will see the request.
    Nobody,
    /// This node.
    Here,
    /// Another node, which looks for requests with each heartbeat.
    Elsewhere,
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

    /// Notes a request to cancel. `None` when there is no such execution in the workspace or it has ended.
    pub async fn request_cancel(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        cancel: &Cancel,
        now: DateTime<Utc>,
    ) -> Result<Option<Holder>, Error> {
        let request = json!({"reason": cancel.reason, "by": cancel.by});
        let holder = self
            .database
            .engine(move |connection| Ok(query::request_cancel(connection, workspace_id.0, execution_id.0, &request, now)?))
            .await?;
        Ok(holder.map(|node| match node {
            None => Holder::Nobody,
            Some(node) if node == self.node.0 => Holder::Here,
            Some(_) => Holder::Elsewhere,
        }))
    }

    /// Says that this node lives, and returns requests to cancel what it holds.
    pub async fn heartbeat(&self, name: &str, now: DateTime<Utc>) -> Result<Vec<(ExecutionId, Cancel)>, Error> {
        let (node, name) = (self.node.0, name.to_owned());
        let rows = self
            .database
            .engine(move |connection| {
                query::heartbeat(connection, node, &name, now, now + LIFE)?;
                query::forget_nodes(connection, now)?;
                Ok(query::cancel_requests(connection, node)?)
            })
            .await?;
        Ok(rows.into_iter().map(|row| (ExecutionId(row.execution_id), Cancel::from_json(&row.cancel))).collect())
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
            cancel: row.cancel.as_ref().map(Cancel::from_json),
        }
    }
}

impl Cancel {
    fn from_json(request: &Value) -> Self {
        let text = |key: &str| request.get(key).and_then(Value::as_str).map(str::to_owned);
        Self { reason: text("reason"), by: text("by").unwrap_or_default() }
    }
}
