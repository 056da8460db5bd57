//! Executions: the projection.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use uuid::Uuid;

use crate::store::Error;
use crate::store::schema::executions;

/// The present state of an execution: equal to the fold of its events.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = executions)]
pub struct Execution {
    /// The workspace.
    pub workspace_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// The workflow's internal id.
    pub workflow_uid: Uuid,
    /// The `id` of the workflow's file.
    pub workflow_id: String,
    /// The version that is executed.
    pub version: i32,
    /// Its state: see [`Self::status`].
    pub status: String,
    /// What started it.
    pub trigger_type: String,
    /// The trigger's id in the workflow file.
    pub trigger_id: Option<String>,
    /// The `seq` of its newest event.
    pub last_seq: i32,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed, in one line.
    pub error: Option<String>,
    /// The execution that this one tries again.
    pub retry_of: Option<Uuid>,
    /// The execution whose step called this one.
    pub parent_id: Option<Uuid>,
}

impl Execution {
    /// Its state.
    pub fn status(&self) -> Result<ExecutionStatus, Error> {
        ExecutionStatus::from_word(&self.status)
            .ok_or_else(|| Error::Corrupt(format!("no state of an execution is called `{}`", self.status)))
    }

    /// The execution as lists and the feed show it. One in a state that this binary doesn't know is shown as set aside, and says so:
    /// it keeps nobody from the others.
    pub fn view(self) -> ExecutionView {
        let id = ExecutionId(self.id);
        let (status, unknown) = match self.status() {
            Ok(status) => (status, None),
            Err(error) => (ExecutionStatus::DeadLetter, Some(error.to_string())),
        };
        let created_at = id.admitted_at();
        ExecutionView {
            id,
            workflow_id: self.workflow_id,
            version: self.version,
            status,
            trigger_type: self.trigger_type,
            trigger_id: self.trigger_id,
            created_at,
            finished_at: self.finished_at,
            duration_ms: self.finished_at.map(|at| (at - created_at).num_milliseconds().max(0)),
            last_seq: self.last_seq,
            error: unknown.or(self.error),
            retry_of: self.retry_of.map(ExecutionId),
            parent_id: self.parent_id.map(ExecutionId),
        }
    }
}
