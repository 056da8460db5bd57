//! What can be asked of the journal.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::event::{Event, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::status::ExecutionStatus;
use tokio::sync::oneshot;

use crate::domain::payload::Packed;
use crate::domain::workflow::concurrency::OnLimit;

/// The right to advance an execution. Every write of an executor carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its tenant.
    pub workspace_id: WorkspaceId,
    /// Counts the holders; a write with an older epoch is dropped.
    pub epoch: i32,
}

/// Admit an execution.
#[derive(Debug)]
pub struct Admission {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The workflow's id in its file.
    pub workflow_id: Arc<str>,
    /// The version to execute.
    pub version: i32,
    /// What started it.
    pub trigger: TriggerOrigin,
    /// The state after its events.
    pub status: ExecutionStatus,
    /// Whether this node takes the lease at once, it waits in the queue for whoever takes it then, or it has succeeded already.
    pub next: Next,
    /// The first event, `execution_started` with the lease and `execution_queued` without; then the results that a retry keeps,
    /// or what follows from the first decision.
    pub events: Vec<Event>,
    /// The execution that this one tries again.
    pub retry_of: Option<ExecutionId>,
    /// The execution whose step calls it.
    pub parent_id: Option<ExecutionId>,
    /// The concurrency key that it needs; then it takes no lease.
    pub slot: Option<Slot>,
    /// The rate limit that it is under; then it takes no lease.
    pub rate: Option<Rate>,
    /// How many minutes of waiting for a node it is ahead of others.
    pub priority: u8,
    /// What must not start a second execution.
    pub delivery: Option<Delivery>,
    /// The payloads that its events refer to, as far as they are new.
    pub payloads: Vec<Arc<Packed>>,
    /// Those that the execution has which it tries again.
    pub copied: Vec<Vec<u8>>,
}

/// A concurrency key that an execution needs before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// The key.
    pub key: String,
    /// How many executions may hold it.
    pub limit: i32,
    /// What happens when they do.
    pub on_limit: OnLimit,
    /// Why nobody may hold it, if its key can't be had.
    pub refusal: Option<String>,
}

/// How many executions of a key may begin within any span of a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The key.
    pub key: String,
    /// How many.
    pub limit: u32,
    /// The length.
    pub per: TimeDelta,
}

/// Identifies an arrival, so that it starts at most one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Who delivers: a trigger, or the holder of a token.
    pub source: String,
    /// The sender's id of the delivery, a schedule's instant, or an idempotency key.
    pub key: String,
}

/// What became of an admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It is a new execution.
    New,
    /// An earlier arrival with the same delivery started this one.
    Duplicate(ExecutionId),
}

/// Append events to an execution.
#[derive(Debug)]
pub struct Append {
    /// The right to do so.
    pub lease: Lease,
    /// The events, in order; at least one.
    pub events: Vec<Event>,
    /// The state after them.
    pub status: ExecutionStatus,
    /// When and why it ended, if it did.
    pub ended: Option<(DateTime<Utc>, Option<String>)>,
    /// What becomes of the lease.
    pub next: Next,
    /// Whether it may have a concurrency key, which it gives up when it ends.
    pub keyed: bool,
    /// Whether its steps may wait for something outside.
    pub waits: bool,
    /// The payloads that the events refer to, as far as they are new.
    pub payloads: Vec<Arc<Packed>>,
}

/// What becomes of the lease after an admission or an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The executor goes on.
    Keep,
    /// Nothing to do until then; any node may take it up.
    Release(DateTime<Utc>),
    /// The execution has ended.
    End,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database can't be reached, or it is unknown whether the commit happened.
    #[error("the database can't be reached")]
    Unavailable,
    /// More commands wait than the journal takes.
    #[error("the journal has no room")]
    Overloaded,
    /// Another node holds the lease, or the execution has ended.
    #[error("the lease is lost")]
    LeaseLost,
    /// The database refused this command, and would again.
    #[error("the database refused the command")]
    Rejected,
}

pub(super) enum Command {
    Admit { admission: Box<Admission>, data: Vec<String>, reply: oneshot::Sender<Result<Admitted, Error>> },
    Append { append: Append, data: Vec<String>, reply: oneshot::Sender<Result<(), Error>> },
}

impl Command {
    /// Roughly how many bytes it writes.
    pub(super) fn bytes(&self) -> usize {
        const ROW: usize = 200;
        let (data, payloads) = match self {
            Self::Admit { data, admission, .. } => (data, &admission.payloads),
            Self::Append { data, append, .. } => (data, &append.payloads),
        };
        let payloads: usize = payloads.iter().map(|payload| ROW + payload.content.len()).sum();
        ROW + data.iter().map(|data| ROW + data.len()).sum::<usize>() + payloads
    }

    pub(super) fn refuse(self, error: Error) {
        // A waiter that has gone away needs no answer.
        match self {
            Self::Admit { reply, .. } => drop(reply.send(Err(error))),
            Self::Append { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}
