//! Frames of the workspace feed, written once and shared by every subscriber.

use std::collections::HashMap;

use tidemill_common::api::execution::ExecutionView;
use tidemill_common::api::stream::StreamFrame;
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::Error;
use super::cursor::FeedCursor;
use crate::journal;
use crate::store::queries::feed::{self, FeedRow, StoredEvent};
use crate::store::rows::execution::Execution;
use crate::store::{Database, queries};

/// What one feed row became: frames as JSON text.
#[derive(Debug)]
pub(super) struct FeedBatch {
    /// The place behind this batch.
    pub(super) cursor: FeedCursor,
    /// One text per event.
    pub(super) frames: Vec<String>,
}

impl FeedBatch {
    pub(super) fn bytes(&self) -> usize {
        self.frames.iter().map(String::len).sum()
    }
}

/// Reads the events of `rows`, all of one workspace, and writes their frames.
pub(super) async fn load(database: &Database, workspace_id: WorkspaceId, rows: Vec<FeedRow>) -> Result<Vec<FeedBatch>, Error> {
    let (rows, events, executions) = database
        .with_tenant(workspace_id, move |connection| {
            let ranges: Vec<_> = rows.iter().flat_map(ranges).collect();
            let mut ids: Vec<_> = ranges.iter().map(|range| range.0).collect();
            ids.sort_unstable();
            ids.dedup();
            let events = feed::events(connection, workspace_id.0, &ranges)?;
            let executions = queries::execution::execution_find(connection, workspace_id, &ids)?;
            Ok((rows, events, executions))
        })
        .await?;
    let executions: HashMap<_, _> = executions.into_iter().map(Execution::view).map(|view| (view.id, view)).collect();
    let mut events = events.into_iter().peekable();
    let batches = rows.iter().map(|row| {
        let cursor = FeedCursor((row.txid, row.position));
        // Whoever was cut off within the batch gets all of it again: the cursor behind the batch would skip the rest.
        let before = FeedCursor((row.txid, (row.position - 1).max(0)));
        let newest = ranges(row).last().map(|(execution_id, _, last)| (execution_id, last));
        let mut frames = Vec::new();
        for (execution_id, first, last) in ranges(row) {
            let belongs = |event: &StoredEvent| event.execution_id == execution_id && (first..=last).contains(&event.seq);
            while let Some(event) = events.next_if(belongs) {
                let is_newest = newest == Some((event.execution_id, event.seq));
                match frame(if is_newest { cursor } else { before }, &event, last, &executions) {
                    Ok(frame) => frames.push(frame),
                    // One row that can't be read keeps nobody from the others.
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "an event is left out of the feed");
                    }
                }
            }
        }
        FeedBatch { cursor, frames }
    });
    Ok(batches.collect())
}

fn ranges(row: &FeedRow) -> impl Iterator<Item = (uuid::Uuid, i32, i32)> + '_ {
    row.execution_ids.iter().zip(&row.first_seqs).zip(&row.last_seqs).map(|((id, first), last)| (*id, *first, *last))
}

fn frame(
    cursor: FeedCursor,
    stored: &StoredEvent,
    last_of_batch: i32,
    executions: &HashMap<ExecutionId, ExecutionView>,
) -> Result<String, Error> {
    let event = decode(stored)?;
    let newest = event.seq == last_of_batch;
    let execution = newest.then(|| executions.get(&event.execution_id).cloned()).flatten();
    Ok(text(&StreamFrame::Event { cursor: cursor.to_string(), event, execution }))
}

/// The events that rows hold. One that can't be read is left out: it keeps nobody from the others.
pub(super) fn readable(stored: &[StoredEvent]) -> Vec<tidemill_common::event::Event> {
    let read = |stored| match decode(stored) {
        Ok(event) => Some(event),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an event is left out of a subscription");
            None
        }
    };
    stored.iter().filter_map(read).collect()
}

/// The event that a row holds.
fn decode(stored: &StoredEvent) -> Result<tidemill_common::event::Event, Error> {
    let (execution_id, seq) = (ExecutionId(stored.execution_id), stored.seq);
    journal::decode(execution_id, seq, stored.at, &stored.event_type, &stored.data).map_err(|source| Error::Decode {
        execution_id,
        seq,
        source,
    })
}

/// A frame as it goes over the wire.
pub fn text(frame: &StreamFrame) -> String {
    serde_json::to_string(frame).expect("a frame has only string keys and finite numbers")
}
