//! Orders about many executions at once.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use tidemill_common::api::bulk::{BulkAction, BulkState, BulkView};
use tidemill_common::ids::ExecutionId;
use uuid::Uuid;

use crate::store::schema::bulk_orders;

/// An order.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bulk_orders)]
pub struct BulkOrder {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Names it; made when it was given.
    pub id: Uuid,
    /// `cancel` or `retry`.
    pub action: String,
    /// `running`, `finished` or `stopped`.
    pub state: String,
    /// Only executions of this workflow.
    pub workflow_uid: Option<Uuid>,
    /// Only executions in these states, separated by commas.
    pub statuses: String,
    /// Executions from here on …
    pub from_id: Uuid,
    /// … and before this one.
    pub until_id: Uuid,
    /// The last one that was dealt with.
    pub cursor_id: Option<Uuid>,
    /// What is done to each, as the API says it.
    pub details: Value,
    /// How many per second.
    pub rate: i32,
    /// Who gave it.
    pub ordered_by: String,
    /// How many were dealt with.
    pub done: i64,
    /// How many could not be.
    pub skipped: i64,
    /// When it goes on.
    pub next_at: DateTime<Utc>,
    /// When it was finished or stopped.
    pub finished_at: Option<DateTime<Utc>>,
    /// The executions that are being dealt with; still there after a crash in the middle of them.
    pub part: Option<Vec<Uuid>>,
}

impl BulkOrder {
    /// The order as the API shows it.
    #[must_use]
    pub fn view(self, count: Option<u32>) -> BulkView {
        let id = ExecutionId(self.id);
        BulkView {
            id,
            action: if self.action == BulkAction::Cancel.as_str() { BulkAction::Cancel } else { BulkAction::Retry },
            state: match self.state.as_str() {
                "running" => BulkState::Running,
                "stopped" => BulkState::Stopped,
                _ => BulkState::Finished,
            },
            count,
            done: self.done,
            skipped: self.skipped,
            by: self.ordered_by,
            created_at: id.admitted_at(),
            finished_at: self.finished_at,
        }
    }
}
