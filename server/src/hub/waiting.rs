//! Somebody who waits for the end of an execution, or for one of its steps.

use std::sync::Arc;
use std::time::Duration;

use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::oneshot;

use super::topics::Topics;

/// A place in the list of those who wait; given up when it is dropped.
#[derive(Debug)]
pub struct Waiting {
    topics: Arc<Topics>,
    execution_id: ExecutionId,
    event: oneshot::Receiver<Event>,
}

impl Waiting {
    pub(super) fn new(topics: Arc<Topics>, execution_id: ExecutionId, event: oneshot::Receiver<Event>) -> Self {
        Self { topics, execution_id, event }
    }

    /// The execution.
    #[must_use]
    pub fn execution_id(&self) -> ExecutionId {
        self.execution_id
    }

    /// The event that was waited for, or nothing when it takes longer than `patience`.
    pub async fn event(mut self, patience: Duration) -> Option<Event> {
        tokio::time::timeout(patience, &mut self.event).await.ok()?.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.topics.stop_waiting(self.execution_id);
    }
}

/// What is known of somebody who waits.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) workspace_id: WorkspaceId,
    /// The steps that are waited for; none when only the end is.
    pub(super) steps: Arc<[Arc<str>]>,
    pub(super) event: oneshot::Sender<Event>,
}

impl Waiter {
    /// The first of `events` that was waited for.
    pub(super) fn wants<'e>(&self, events: &'e [Event]) -> Option<&'e Event> {
        events.iter().find(|event| match &event.body {
            EventBody::ExecutionCompleted { .. } => true,
            EventBody::StepCompleted { step, iteration: None, .. } => self.steps.contains(step),
            _ => false,
        })
    }
}
