//! A subscription to one execution.

use std::sync::Arc;

use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::watch;

use super::Error;
use super::frames::readable;
use super::topics::{ExecutionTopic, Topics};
use crate::store::Database;
use crate::store::queries::{execution, feed};

/// Events that are read from the database at once.
const PAGE_EVENTS: i64 = 500;

/// Follows one execution, gap-free.
#[derive(Debug)]
pub struct ExecutionSubscription {
    database: Database,
    topics: Arc<Topics>,
    topic: Arc<ExecutionTopic>,
    newest: watch::Receiver<i32>,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    cursor: i32,
    history_read: bool,
    ended: bool,
}

impl ExecutionSubscription {
    pub(super) fn new(
        database: Database,
        topics: Arc<Topics>,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        after: i32,
    ) -> Self {
        let (topic, newest) = topics.execution(execution_id);
        Self { database, topics, topic, newest, workspace_id, execution_id, cursor: after, history_read: false, ended: false }
    }

    /// The seq of the newest event that was returned.
    #[must_use]
    pub fn cursor(&self) -> i32 {
        self.cursor
    }

    /// Whether the execution's last event was returned.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// What is durable behind the cursor. Empty when that is nothing at the moment.
    pub async fn history(&mut self) -> Result<Vec<Event>, Error> {
        self.newest.borrow_and_update();
        let (workspace_id, execution_id, after) = (self.workspace_id, self.execution_id, self.cursor);
        let (stored, over) = self
            .database
            .with_tenant(workspace_id, move |connection| {
                let stored = feed::events_of(connection, workspace_id.0, execution_id.0, after, PAGE_EVENTS)?;
                // Whoever has seen the last event is told that it was the last.
                let found = execution::execution_find(connection, workspace_id, &[execution_id.0])?;
                let over = found.iter().any(|row| row.finished_at.is_some() && row.last_seq <= after);
                Ok((stored, over))
            })
            .await?;
        self.history_read = true;
        self.ended |= over;
        let events = self.advance(readable(&stored));
        // Past what can't be read, too.
        self.cursor = stored.last().map_or(self.cursor, |last| last.seq.max(self.cursor));
        Ok(events)
    }

    /// The next events; waits until there are some.
    pub async fn next(&mut self) -> Result<Vec<Event>, Error> {
        loop {
            if self.history_read {
                self.newest.borrow_and_update();
                if let Some(events) = self.topic.recent(self.cursor) {
                    return Ok(self.advance(events));
                }
            }
            if !self.history_read || *self.newest.borrow() > self.cursor {
                let events = self.history().await?;
                if !events.is_empty() || self.ended {
                    return Ok(events);
                }
            }
            // The topic keeps the sender alive: an error can't happen, and would only mean to look again.
            if self.newest.changed().await.is_err() {
                self.history_read = false;
            }
        }
    }

    fn advance(&mut self, events: Vec<Event>) -> Vec<Event> {
        if let Some(last) = events.last() {
            self.cursor = last.seq;
            self.ended = matches!(last.body, EventBody::ExecutionCompleted { .. });
        }
        events
    }
}

impl Drop for ExecutionSubscription {
    fn drop(&mut self) {
        self.topics.leave_execution(self.execution_id);
    }
}
