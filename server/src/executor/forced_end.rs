//! Ends an execution whatever state it is in: without its version, its events or its former holder.

use chrono::{DateTime, Utc};
use tidemill_common::event::{Event, EventBody, StepError};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::{ExecutionStatus, FailureClass};

use super::service::{Executor, Parts};
use crate::journal::{self, Append, Lease, Next};
use crate::queue::Request;
use crate::store;

/// Nodes that may be lost with an execution before it is set aside.
pub(super) const MOST_TAKEOVERS: i16 = 3;

/// Why an execution could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// The database can't be reached.
    #[error("the lease can't be taken")]
    Store(#[from] store::Error),
    /// The journal did not take the events.
    #[error("the end can't be written")]
    Journal(#[from] journal::Error),
}

impl Executor {
    /// Takes the lease from whoever holds it and ends the execution as `cancelled`. False when there is no such execution in
    /// the workspace, or it has ended.
    pub async fn force_cancel(&self, workspace_id: WorkspaceId, id: ExecutionId, request: Request) -> Result<bool, EndError> {
        let Some(lease) = self.parts.queue.seize(workspace_id, id).await? else { return Ok(false) };
        // If it runs here, it stops its attempts and finds that its lease is lost.
        self.pass_on(id, request.clone()).await;
        let Request { reason, by, .. } = request;
        let message = match &reason {
            Some(reason) => format!("cancelled by force by {by}: {reason}"),
            None => format!("cancelled by force by {by}"),
        };
        let error = StepError::new(FailureClass::Cancelled, message);
        let asked = EventBody::ExecutionCancelRequested { reason, by };
        match self.parts.end(lease, ExecutionStatus::Cancelled, vec![asked], error).await {
            // With the lease lost, somebody else ended it, or forces it just now.
            Ok(()) | Err(EndError::Journal(journal::Error::LeaseLost)) => Ok(true),
            Err(error) => {
                self.parts.give_back_later(lease, std::time::Duration::ZERO).await;
                Err(error)
            }
        }
    }
}

impl Parts {
    /// Sets aside an execution that nothing else can be done with.
    pub(super) async fn set_aside(&self, lease: Lease, why: StepError) -> Result<(), EndError> {
        self.end(lease, ExecutionStatus::DeadLetter, Vec::new(), why).await
    }

    /// Appends `before` and the end behind whatever events there are.
    async fn end(
        &self,
        lease: Lease,
        status: ExecutionStatus,
        before: Vec<EventBody>,
        error: StepError,
    ) -> Result<(), EndError> {
        let (tail, now) = (self.queue.tail(lease).await?, self.clock.now());
        let line = one_line(&error);
        let end = EventBody::ExecutionCompleted { status, output: None, error: Some(error) };
        let events = events(lease.execution_id, tail.seq, now, before.into_iter().chain([end]));
        let append = Append {
            lease,
            events,
            status,
            ended: Some((now, Some(line))),
            next: Next::End,
            keyed: true,
            waits: true,
            payloads: Vec::new(),
        };
        self.journal.append(append).await.await.unwrap_or(Err(journal::Error::Unavailable))?;
        self.calls.abandoned();
        if let Some(caller) = tail.parent_id {
            self.calls.ended(lease.workspace_id, caller).await;
        }
        self.metrics.execution_finished(status, (now - lease.execution_id.admitted_at()).to_std().unwrap_or_default());
        Ok(())
    }
}

/// Why an execution is set aside.
pub(super) fn lost(takeovers: i16) -> StepError {
    let message = format!(
        "{takeovers} nodes were lost while they executed it, or their writes were refused; replay it when the cause is mended"
    );
    StepError::new(FailureClass::HostLost, message)
}

/// Why an execution whose version or events can't be read is set aside.
pub(super) fn unreadable(error: &dyn std::error::Error) -> StepError {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    StepError::new(FailureClass::Infrastructure, format!("it can't be read: {message}"))
}

/// An error as a list shows it. A control character has no place in a line, and a NUL none in the database's texts.
pub(super) fn one_line(error: &StepError) -> String {
    let line = error.message.lines().next().unwrap_or_default();
    let text = error.step.as_ref().map_or_else(|| line.to_owned(), |step| format!("{step}: {line}"));
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn events(execution_id: ExecutionId, after: i32, at: DateTime<Utc>, bodies: impl Iterator<Item = EventBody>) -> Vec<Event> {
    (after + 1..).zip(bodies).map(|(seq, body)| Event { execution_id, seq, at, body }).collect()
}
