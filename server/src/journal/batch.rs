//! A batch of commands: gathered from the channel, written in one transaction, answered.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::{ExecutionId, NodeId, WorkspaceId};
use tidemill_common::status::ExecutionStatus;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::command::{Admission, Admitted, Append, Command, Error, Next, Rate, Slot};
use super::wait;
use crate::domain::cause::{Cause, cause};
use crate::store::queries::journal::{self as query, AdmitRow, AppendRow, DeadLetterRow, EventRow, RateRow, SlotRow, Written};
use crate::store::{self, Connection};

/// Commands that are written together. At most one append row per execution: later ones are merged into it.
#[derive(Default)]
pub(super) struct Batch {
    admits: Vec<Admit>,
    append_rows: Vec<AppendRow>,
    append_waiters: Vec<Waiters>,
    by_execution: HashMap<ExecutionId, usize>,
}

struct Admit {
    row: AdmitRow,
    events: Vec<Event>,
    reply: oneshot::Sender<Result<Admitted, Error>>,
}

struct Waiters {
    events: Vec<Event>,
    replies: Vec<oneshot::Sender<Result<(), Error>>>,
}

/// Events of one execution that are now durable.
#[derive(Debug)]
pub struct Committed {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// Its events, in order.
    pub events: Vec<Event>,
}

impl Batch {
    /// How many rows it writes.
    pub(super) fn len(&self) -> usize {
        self.admits.len() + self.append_rows.len()
    }

    /// Adds `command`, or gives it back when it has to wait for the next batch.
    pub(super) fn add(&mut self, command: Command, node: NodeId) -> Option<Command> {
        match command {
            Command::Admit { admission, data, reply } => {
                let (row, events) = admit_row(*admission, data, node);
                self.admits.push(Admit { row, events, reply });
                None
            }
            Command::Append { append, data, reply } => match self.by_execution.get(&append.lease.execution_id) {
                Some(&index) if self.append_rows[index].epoch != append.lease.epoch => {
                    Some(Command::Append { append, data, reply })
                }
                Some(&index) => {
                    let (row, events) = append_row(append, data);
                    merge(&mut self.append_rows[index], row);
                    self.append_waiters[index].events.extend(events);
                    self.append_waiters[index].replies.push(reply);
                    None
                }
                None => {
                    self.by_execution.insert(append.lease.execution_id, self.append_rows.len());
                    let (row, events) = append_row(append, data);
                    self.append_rows.push(row);
                    self.append_waiters.push(Waiters { events, replies: vec![reply] });
                    None
                }
            },
        }
    }

    /// Writes everything in one transaction.
    pub(super) fn write(&self, connection: &mut Connection, node: NodeId, now: DateTime<Utc>) -> Result<Written, store::Error> {
        let admits: Vec<_> = self.admits.iter().map(|admit| &admit.row).collect();
        query::write(connection, node.0, &admits, &self.append_rows, now)
    }

    /// Answers every waiter after the commit. Returns what is now durable, in no particular order between executions.
    pub(super) fn settle(self, written: &Written, connection: &mut Connection) -> (Vec<Committed>, Vec<Reply>) {
        let mut committed = Vec::with_capacity(self.len());
        let mut replies = Vec::with_capacity(self.len());
        for Admit { row, events, reply } in self.admits {
            if written.admitted.contains(&row.id) {
                let workspace_id = WorkspaceId(row.workspace_id);
                committed.push(Committed { workspace_id, execution_id: ExecutionId(row.id), events });
                replies.push(Reply::Admit(reply, Ok(Admitted::New)));
            } else {
                replies.push(Reply::Admit(reply, duplicate_of(&row, connection)));
            }
        }
        for (row, waiters) in self.append_rows.into_iter().zip(self.append_waiters) {
            let held = written.fenced.contains(&row.execution_id);
            let answer = if held { Ok(()) } else { Err(Error::LeaseLost) };
            replies.extend(waiters.replies.into_iter().map(|reply| Reply::Append(reply, answer)));
            if held {
                let (workspace_id, execution_id) = (WorkspaceId(row.workspace_id), ExecutionId(row.execution_id));
                committed.push(Committed { workspace_id, execution_id, events: waiters.events });
            }
        }
        (committed, replies)
    }

    /// Answers every waiter with `error`.
    pub(super) fn refuse(self, error: Error) {
        for admit in self.admits {
            Reply::Admit(admit.reply, Err(error)).send();
        }
        for reply in self.append_waiters.into_iter().flat_map(|waiters| waiters.replies) {
            Reply::Append(reply, Err(error)).send();
        }
    }

    /// One batch per row, so that a row which the database refuses takes no other with it.
    pub(super) fn split(self) -> Vec<Self> {
        let admits = self.admits.into_iter().map(|admit| Self { admits: vec![admit], ..Self::default() });
        let appends = self.append_rows.into_iter().zip(self.append_waiters).map(|(row, waiters)| Self {
            append_rows: vec![row],
            append_waiters: vec![waiters],
            ..Self::default()
        });
        admits.chain(appends).collect()
    }
}

/// An answer that is ready to be sent.
pub(super) enum Reply {
    Admit(oneshot::Sender<Result<Admitted, Error>>, Result<Admitted, Error>),
    Append(oneshot::Sender<Result<(), Error>>, Result<(), Error>),
}

impl Reply {
    /// Sends it. A waiter that has gone away needs no answer.
    pub(super) fn send(self) {
        match self {
            Self::Admit(reply, answer) => drop(reply.send(answer)),
            Self::Append(reply, answer) => drop(reply.send(answer)),
        }
    }
}

fn duplicate_of(row: &AdmitRow, connection: &mut Connection) -> Result<Admitted, Error> {
    let (source, key) = row.delivery.as_ref().ok_or(Error::Rejected)?;
    match query::delivered(connection, row.workspace_id, source, key) {
        Ok(Some(id)) => Ok(Admitted::Duplicate(ExecutionId(id))),
        Ok(None) => Err(Error::Rejected),
        Err(error) => {
            tracing::warn!(%error, "could not look up the execution of a known delivery");
            Err(Error::Unavailable)
        }
    }
}

fn admit_row(admission: Admission, data: Vec<String>, node: NodeId) -> (AdmitRow, Vec<Event>) {
    let at = admission.events.last().map(|event| event.at).unwrap_or_default();
    let (lease_node, available_at, finished_at) = match admission.next {
        Next::Keep => (Some(node.0), at, None),
        Next::Release(until) => (None, until, None),
        Next::End => (None, at, Some(at)),
    };
    let row = AdmitRow {
        workspace_id: admission.workspace_id.0,
        id: admission.events.first().map_or_else(Uuid::nil, |event| event.execution_id.0),
        workflow_uid: admission.workflow_uid.0,
        workflow_id: admission.workflow_id,
        version: admission.version,
        status: admission.status.as_str(),
        trigger_type: admission.trigger.kind,
        trigger_id: admission.trigger.id,
        lease_node,
        available_at,
        finished_at,
        events: event_rows(&admission.events, data),
        retry_of: admission.retry_of.map(|id| id.0),
        parent_id: admission.parent_id.map(|id| id.0),
        slot: admission.slot.map(slot_row),
        rate: admission.rate.map(rate_row),
        priority: if lease_node.is_some() { 0 } else { i16::from(admission.priority) },
        delivery: admission.delivery.map(|delivery| (delivery.source, delivery.key)),
        payloads: admission.payloads,
        copied: admission.copied,
    };
    (row, admission.events)
}

fn slot_row(slot: Slot) -> SlotRow {
    let Slot { key, limit, on_limit, refusal } = slot;
    SlotRow { key, most: limit, on_limit, refusal }
}

fn rate_row(rate: Rate) -> RateRow {
    RateRow { key: rate.key, most: i64::from(rate.limit), per: rate.per }
}

fn event_rows(events: &[Event], data: impl IntoIterator<Item = String>) -> Vec<EventRow> {
    let row =
        |(event, data): (&Event, String)| EventRow { seq: event.seq, at: event.at, event_type: event.body.type_name(), data };
    events.iter().zip(data).map(row).collect()
}

fn append_row(append: Append, data: Vec<String>) -> (AppendRow, Vec<Event>) {
    let at = append.events.last().map(|event| event.at).unwrap_or_default();
    let (next, available_at) = match append.next {
        Next::Keep => (0, at),
        Next::Release(until) => (1, until),
        Next::End => (2, at),
    };
    let dead_letter = dead_letter(&append);
    let waits = if append.waits { wait::changes(&append.events) } else { Vec::new() };
    let (finished_at, error) = append.ended.map_or((None, None), |(at, error)| (Some(at), error));
    let row = AppendRow {
        workspace_id: append.lease.workspace_id.0,
        execution_id: append.lease.execution_id.0,
        epoch: append.lease.epoch,
        next,
        available_at,
        status: append.status.as_str(),
        events: event_rows(&append.events, data),
        finished_at,
        error,
        dead_letter,
        gives_up_key: append.keyed && append.next == Next::End,
        waits,
        payloads: append.payloads,
    };
    (row, append.events)
}

/// What is kept when the execution failed for good.
fn dead_letter(append: &Append) -> Option<DeadLetterRow> {
    if !matches!(append.status, ExecutionStatus::Failed | ExecutionStatus::DeadLetter) {
        return None;
    }
    let EventBody::ExecutionCompleted { error: Some(error), .. } = &append.events.last()?.body else { return None };
    let Cause { text, fingerprint } = cause(error);
    Some(DeadLetterRow { fingerprint, cause: text, class: error.class.as_str(), step: error.step.clone() })
}

/// Two appends of one execution become one: all events, and the later one's state.
fn merge(row: &mut AppendRow, later: AppendRow) {
    row.events.extend(later.events);
    row.next = later.next;
    row.available_at = later.available_at;
    row.status = later.status;
    row.finished_at = later.finished_at;
    row.error = later.error;
    row.dead_letter = later.dead_letter;
    row.gives_up_key = later.gives_up_key;
    row.waits.extend(later.waits);
    row.payloads.extend(later.payloads);
}
