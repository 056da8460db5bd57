//! The executions that are loaded. A row changes only on events (or a snapshot, which is their fold), never back in
//! time and never after its end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tidemill_common::api::execution::{ExecutionPage, ExecutionView};
use tidemill_common::event::{Event, EventBody, Origin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::load::Load;

/// More rows than this are not kept; the oldest go.
pub const MOST_ROWS: usize = 100_000;

/// The rows, and how far the list goes back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Store {
    // Boxed: pages come newest first, and leave the nodes of the tree half empty.
    rows: BTreeMap<ExecutionId, Box<ExecutionView>>,
    /// How far loading has come.
    pub load: Load,
    /// Whether a page of older rows is being read.
    pub loading_older: bool,
    /// Where older rows continue on the server; `None` when all are loaded.
    pub older: Option<String>,
    /// How far back every execution is loaded; rows that a filter brought may be older.
    pub reach: Option<DateTime<Utc>>,
    /// The newest request; answers to others are dropped.
    pub generation: u64,
    /// What has become of the order of the rows so far.
    pub moves: Moves,
}

/// How rows came and went: who keeps their order takes over what is new, and begins anew only when it has to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moves {
    /// So many came as the newest of all.
    pub newest: usize,
    /// So many, the oldest of all, went.
    pub dropped: usize,
    /// So often something else happened.
    pub others: usize,
}

/// What an event did to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The row changed.
    Changed,
    /// It was known already.
    Known,
    /// Events before it are missing: the row has to be read.
    Gap,
}

impl Store {
    /// The rows, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &ExecutionView> {
        self.rows.values().rev().map(|row| &**row)
    }

    /// The row of `id`.
    pub fn get(&self, id: ExecutionId) -> Option<&ExecutionView> {
        self.rows.get(&id).map(|row| &**row)
    }

    /// How many rows are loaded.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no row is loaded.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes a row as the server wrote it, unless a newer one is known.
    pub fn put(&mut self, view: ExecutionView) -> Applied {
        match self.rows.get(&view.id) {
            Some(known) if known.last_seq > view.last_seq || **known == view => return Applied::Known,
            Some(known) if known.status.is_terminal() && !view.status.is_terminal() => return Applied::Known,
            _ => {}
        }
        let (id, newest) = (view.id, self.rows.last_key_value().map(|(id, _)| *id));
        match self.rows.insert(id, Box::new(view)) {
            Some(_) => {}
            None if newest < Some(id) => self.moves.newest += 1,
            None => self.moves.others += 1,
        }
        if self.rows.len() > MOST_ROWS {
            self.rows.pop_first();
            self.moves.dropped += 1;
        }
        Applied::Changed
    }

    /// Takes an event that came without its row.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let Some(row) = self.rows.get_mut(&event.execution_id) else {
            return match first_row(event) {
                Some(row) => self.put(row),
                None => Applied::Gap,
            };
        };
        if event.seq <= row.last_seq {
            return Applied::Known;
        }
        if event.seq != row.last_seq + 1 {
            return Applied::Gap;
        }
        row.last_seq = event.seq;
        fold(row, event);
        Applied::Changed
    }

    /// Takes a page of the list. The first page moves `older` only when nothing older was loaded before.
    pub fn put_page(&mut self, page: ExecutionPage, older: bool) {
        let had_rows = !self.rows.is_empty();
        let oldest = self.rows.first_key_value().map(|(id, _)| *id);
        let joins = page.items.iter().any(|view| Some(view.id) >= oldest && self.rows.contains_key(&view.id));
        if !older && had_rows && !joins {
            self.rows.clear();
            self.moves.others += 1;
        }
        if older || !had_rows || !joins {
            self.older = page.next_cursor;
            self.reach = page.items.last().map(|view| view.created_at);
        }
        for view in page.items {
            self.put(view);
        }
    }
}

fn first_row(event: &Event) -> Option<ExecutionView> {
    let (origin, status) = match &event.body {
        EventBody::ExecutionQueued(origin) => (origin, ExecutionStatus::Queued),
        EventBody::ExecutionStarted { origin: Some(origin) } => (origin, ExecutionStatus::Running),
        _ => return None,
    };
    Some(row_of(event, origin, status))
}

fn row_of(event: &Event, origin: &Origin, status: ExecutionStatus) -> ExecutionView {
    ExecutionView {
        id: event.execution_id,
        workflow_id: origin.workflow_id.to_string(),
        version: origin.version,
        status,
        trigger_type: origin.trigger.kind.to_string(),
        trigger_id: origin.trigger.id.as_deref().map(str::to_owned),
        created_at: event.execution_id.admitted_at(),
        finished_at: None,
        duration_ms: None,
        last_seq: event.seq,
        error: None,
        retry_of: origin.retry_of,
        parent_id: origin.parent.as_ref().map(|parent| parent.execution_id),
    }
}

/// What an event says about the row for certain. Whether an execution waits depends on all of its steps: that comes
/// with the row that the server sends behind the newest event.
fn fold(row: &mut ExecutionView, event: &Event) {
    match &event.body {
        EventBody::ExecutionPaused { .. } => row.status = ExecutionStatus::Paused,
        EventBody::ExecutionStarted { .. } | EventBody::StepStarted { .. } | EventBody::ExecutionResumed { .. } => {
            row.status = ExecutionStatus::Running;
        }
        EventBody::ExecutionCompleted { status, error, .. } => {
            finish(row, event, *status, error.as_ref().map(|e| e.message.clone()));
        }
        _ => {}
    }
}

/// The row's end.
pub fn finish(row: &mut ExecutionView, event: &Event, status: ExecutionStatus, error: Option<String>) {
    row.status = status;
    row.finished_at = Some(event.at);
    row.duration_ms = Some((event.at - row.created_at).num_milliseconds().max(0));
    row.error = error;
}
