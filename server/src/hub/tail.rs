//! Follows the feed of all nodes while somebody listens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::Notify;

use super::cursor::FeedCursor;
use super::topics::Topics;
use super::{Error, frames};
use crate::store::Database;
use crate::store::queries::feed::{self, FeedRow};

/// Feed rows that are read at once.
const PAGE_ROWS: i64 = 500;
/// How long the tail rests between two reads, so that a burst of commits is one read.
const REST: Duration = Duration::from_millis(15);
/// Events of one commit that are read for somebody who waits.
const WAITER_EVENTS: i64 = 500;
/// How often it looks for what other nodes committed.
const LOOK: Duration = Duration::from_secs(1);

/// The one reader of the feed on this node.
pub(super) struct Tail {
    database: Database,
    topics: Arc<Topics>,
    wake: Arc<Notify>,
    /// Nothing while nobody listens.
    cursor: Option<FeedCursor>,
}

impl Tail {
    pub(super) fn new(database: Database, topics: Arc<Topics>, wake: Arc<Notify>) -> Self {
        Self { database, topics, wake, cursor: None }
    }

    pub(super) async fn run(mut self) {
        loop {
            if self.topics.is_idle() {
                self.cursor = None;
                self.wake.notified().await;
                continue;
            }
            match self.read_page().await {
                Ok(rows) if rows == usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX) => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the event feed can't be read; trying again"),
            }
            tokio::time::sleep(REST).await;
            // Either somebody here committed, or it is time to look what others did.
            drop(tokio::time::timeout(LOOK, self.wake.notified()).await);
        }
    }

    async fn read_page(&mut self) -> Result<usize, Error> {
        let start = match self.cursor {
            Some(cursor) => cursor,
            None => FeedCursor(self.database.engine(|connection| Ok(feed::head(connection)?)).await?),
        };
        self.topics.begin(start);
        let rows = self.database.engine(move |connection| Ok(feed::read(connection, None, start.0, PAGE_ROWS)?)).await?;
        let reached = rows.last().map_or(start, |row| FeedCursor((row.txid, row.position)));
        let count = rows.len();
        self.tell_executions(&rows).await?;
        self.tell_workspaces(rows).await?;
        self.cursor = Some(reached);
        self.topics.reached(reached);
        Ok(count)
    }

    async fn tell_executions(&self, rows: &[FeedRow]) -> Result<(), Error> {
        for row in rows {
            for ((id, &first), &last) in row.execution_ids.iter().zip(&row.first_seqs).zip(&row.last_seqs) {
                let id = ExecutionId(*id);
                if let Some(topic) = self.topics.find_execution(id) {
                    topic.reached(last);
                }
                if let Some((workspace_id, only_end)) = self.topics.waited_for(id) {
                    let after = if only_end { last - 1 } else { first - 1 };
                    self.tell_waiter(workspace_id, id, after).await?;
                }
            }
        }
        Ok(())
    }

    /// Somebody waits for an execution that another node carries out.
    async fn tell_waiter(&self, workspace_id: WorkspaceId, id: ExecutionId, after: i32) -> Result<(), Error> {
        let stored = self
            .database
            .with_tenant(workspace_id, move |connection| {
                Ok(feed::events_of(connection, workspace_id.0, id.0, after, WAITER_EVENTS)?)
            })
            .await?;
        self.topics.tell_waiter(id, &frames::readable(&stored));
        Ok(())
    }

    async fn tell_workspaces(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<FeedRow>> = BTreeMap::new();
        for row in rows {
            by_workspace.entry(WorkspaceId(row.workspace_id)).or_default().push(row);
        }
        for (workspace_id, rows) in by_workspace {
            if let Some(topic) = self.topics.find_workspace(workspace_id) {
                for batch in frames::load(&self.database, workspace_id, rows).await? {
                    topic.push(Arc::new(batch));
                }
            }
        }
        Ok(())
    }
}
