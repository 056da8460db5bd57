//! Fans committed events out to subscribers.
//!
//! Nothing is pushed into a subscriber. Each has a cursor and pulls what is behind it: from a short ring of recent events
//! in memory when it keeps up, from the database when it doesn't. A slow subscriber therefore costs nobody anything and can
//! miss nothing. Start at [`Hub`]; `tail` follows the feed for what other nodes commit.

mod cursor;
mod execution;
mod frames;
mod tail;
mod topics;
mod waiting;
mod workspace;

use std::sync::Arc;

use tidemill_common::event::{EventBody, Json};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::payload::PayloadRef;
use tokio::sync::Notify;

pub use cursor::FeedCursor;
pub use execution::ExecutionSubscription;
pub use frames::text as frame_text;
pub use waiting::Waiting;
pub use workspace::WorkspaceSubscription;

use crate::journal::{Committed, Observer};
use crate::store::Database;
use crate::store::queries::payload;
use topics::Topics;

/// Why a subscription can't go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database can't be read at the moment; the subscriber may come again with its cursor.
    #[error("events can't be read")]
    Store(#[from] crate::store::Error),
    /// What is behind the cursor is no longer kept in the feed.
    #[error("the cursor is too old")]
    CursorTooOld,
    /// An event in the database can't be decoded.
    #[error("event {seq} of execution {execution_id} can't be decoded")]
    Decode {
        /// The execution.
        execution_id: ExecutionId,
        /// The event.
        seq: i32,
        /// Why.
        source: serde_json::Error,
    },
}

/// The place where subscribers and events meet.
#[derive(Debug, Clone)]
pub struct Hub {
    database: Database,
    topics: Arc<Topics>,
    /// Tells the tail that this node committed something.
    wake: Arc<Notify>,
}

impl Hub {
    /// A hub without subscribers. Give it to the journal as its observer, and run [`Hub::follow_feed`] beside it.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, topics: Arc::default(), wake: Arc::default() }
    }

    /// Waits for the end of an execution, or for the first of `steps` to succeed. Ask before the execution can begin.
    #[must_use]
    pub fn wait(&self, workspace_id: WorkspaceId, execution_id: ExecutionId, steps: Arc<[Arc<str>]>) -> Waiting {
        let event = self.topics.wait(workspace_id, execution_id, steps);
        Waiting::new(Arc::clone(&self.topics), execution_id, event)
    }

    /// What an input or output in an event of an execution stands for: itself, or the payload that is kept apart.
    pub async fn whole(&self, workspace_id: WorkspaceId, id: ExecutionId, json: Json) -> Result<Json, crate::store::Error> {
        let Some(reference) = PayloadRef::of(&json) else { return Ok(json) };
        let read = move |connection: &mut _| payload::whole(connection, workspace_id, id, &reference);
        Ok(self.database.with_tenant(workspace_id, read).await?.into())
    }

    /// Follows one execution: everything behind `after`, then live.
    #[must_use]
    pub fn subscribe_execution(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        after: i32,
    ) -> ExecutionSubscription {
        self.wake.notify_one();
        ExecutionSubscription::new(self.database.clone(), Arc::clone(&self.topics), workspace_id, execution_id, after)
    }

    /// Follows a workspace: everything behind `after`, or what happens from now on when there is none.
    pub async fn subscribe_workspace(
        &self,
        workspace_id: WorkspaceId,
        after: Option<FeedCursor>,
    ) -> Result<WorkspaceSubscription, Error> {
        self.wake.notify_one();
        WorkspaceSubscription::open(self.database.clone(), Arc::clone(&self.topics), workspace_id, after).await
    }

    /// How many subscriptions there are, waiters excluded.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.topics.subscribers()
    }

    /// Follows the feed for as long as somebody listens; never returns.
    pub async fn follow_feed(self) {
        tail::Tail::new(self.database, self.topics, self.wake).run().await;
    }
}

impl Observer for Hub {
    fn committed(&self, committed: Vec<Committed>) {
        for Committed { execution_id, events, .. } in committed {
            let ended = events.last().is_some_and(|event| matches!(event.body, EventBody::ExecutionCompleted { .. }));
            if ended || self.topics.someone_waits_for_steps() {
                self.topics.tell_waiter(execution_id, &events);
            }
            self.topics.execution_committed(execution_id, events);
        }
        if self.topics.has_workspace_subscribers() {
            self.wake.notify_one();
        }
    }
}
