//! A subscription to a workspace's feed.

use std::sync::Arc;

use tidemill_common::ids::WorkspaceId;
use tokio::sync::watch;

use super::Error;
use super::cursor::FeedCursor;
use super::frames::{self, FeedBatch};
use super::topics::{Topics, WorkspaceTopic};
use crate::store::Database;
use crate::store::queries::feed;

/// Feed rows that are read from the database at once.
const PAGE_ROWS: i64 = 100;

/// Follows the events of all executions of a workspace.
#[derive(Debug)]
pub struct WorkspaceSubscription {
    database: Database,
    topics: Arc<Topics>,
    topic: Arc<WorkspaceTopic>,
    reached: watch::Receiver<FeedCursor>,
    workspace_id: WorkspaceId,
    cursor: FeedCursor,
}

impl WorkspaceSubscription {
    pub(super) async fn open(
        database: Database,
        topics: Arc<Topics>,
        workspace_id: WorkspaceId,
        after: Option<FeedCursor>,
    ) -> Result<Self, Error> {
        let place = after.map(|cursor| cursor.0);
        let (head, kept) = database
            .with_tenant(workspace_id, move |connection| {
                let kept = place.map_or(Ok(true), |place| feed::reaches_back_to(connection, place))?;
                Ok((FeedCursor(feed::head(connection)?), kept))
            })
            .await?;
        if !kept {
            return Err(Error::CursorTooOld);
        }
        let (own, reached) = topics.workspace(workspace_id, head);
        let cursor = after.unwrap_or(head);
        Ok(Self { database, topics, topic: own, reached, workspace_id, cursor })
    }

    /// The place behind everything that was returned.
    #[must_use]
    pub fn cursor(&self) -> FeedCursor {
        self.cursor
    }

    /// What the database has behind the cursor: frames as JSON text. Empty when that is nothing.
    pub async fn history(&mut self) -> Result<Vec<String>, Error> {
        let (workspace_id, after) = (self.workspace_id, self.cursor.0);
        let rows = self
            .database
            .with_tenant(workspace_id, move |connection| Ok(feed::read(connection, Some(workspace_id.0), after, PAGE_ROWS)?))
            .await?;
        let batches = frames::load(&self.database, workspace_id, rows).await?;
        Ok(self.advance(&batches.into_iter().map(Arc::new).collect::<Vec<_>>()))
    }

    /// The next frames; waits until there are some.
    pub async fn next(&mut self) -> Result<Vec<String>, Error> {
        loop {
            let reached = *self.reached.borrow_and_update();
            let frames = match self.topic.recent(self.cursor) {
                Some(batches) => {
                    let frames = self.advance(&batches);
                    self.cursor = self.cursor.max(reached);
                    frames
                }
                None => self.history().await?,
            };
            if !frames.is_empty() {
                return Ok(frames);
            }
            // The topic keeps the sender alive; an error only means to look again.
            drop(self.reached.changed().await);
        }
    }

    fn advance(&mut self, batches: &[Arc<FeedBatch>]) -> Vec<String> {
        if let Some(last) = batches.last() {
            self.cursor = last.cursor;
        }
        batches.iter().flat_map(|batch| batch.frames.iter().cloned()).collect()
    }
}

impl Drop for WorkspaceSubscription {
    fn drop(&mut self) {
        self.topics.leave_workspace(self.workspace_id);
    }
}
