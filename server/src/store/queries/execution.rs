//! A workspace's executions and their events, as people read them. What the engine writes is in the journal's queries.

use diesel::prelude::*;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::status::ExecutionStatus;

use crate::store::Error;
use crate::store::rows::event::Event;
use crate::store::rows::execution::Execution;
use crate::store::schema::{execution_events, executions};

/// Which executions to list.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// Those of this workflow.
    pub workflow: Option<WorkflowUid>,
    /// Those in one of these states; all when empty.
    pub statuses: Vec<ExecutionStatus>,
    /// Those that were called by this one.
    pub parent: Option<ExecutionId>,
    /// Those older than this one: where the page before ended.
    pub before: Option<ExecutionId>,
}

/// A page of executions, newest first.
pub fn execution_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &ExecutionFilter,
    limit: i64,
) -> Result<Vec<Execution>, Error> {
    let mut query = executions::table
        .filter(executions::workspace_id.eq(workspace.0))
        .order(executions::id.desc())
        .limit(limit)
        .select(Execution::as_select())
        .into_boxed();
    if let Some(workflow) = filter.workflow {
        query = query.filter(executions::workflow_uid.eq(workflow.0));
    }
    if !filter.statuses.is_empty() {
        query = query.filter(executions::status.eq_any(filter.statuses.iter().map(|status| status.as_str())));
    }
    if let Some(parent) = filter.parent {
        query = query.filter(executions::parent_id.eq(parent.0));
    }
    if let Some(before) = filter.before {
        query = query.filter(executions::id.lt(before.0));
    }
    Ok(query.load(conn)?)
}

/// One execution.
pub fn execution_get(conn: &mut PgConnection, workspace: WorkspaceId, id: ExecutionId) -> Result<Execution, Error> {
    Ok(executions::table.find((workspace.0, id.0)).select(Execution::as_select()).first(conn)?)
}

/// Those of `ids` that the workspace has.
pub fn execution_find(conn: &mut PgConnection, workspace: WorkspaceId, ids: &[uuid::Uuid]) -> Result<Vec<Execution>, Error> {
    let rows = executions::table.filter(executions::workspace_id.eq(workspace.0)).filter(executions::id.eq_any(ids));
    Ok(rows.select(Execution::as_select()).load(conn)?)
}

/// Events of an execution behind `after`, oldest first.
pub fn event_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: ExecutionId,
    after: i32,
    limit: i64,
) -> Result<Vec<Event>, Error> {
    Ok(execution_events::table
        .filter(execution_events::workspace_id.eq(workspace.0))
        .filter(execution_events::execution_id.eq(id.0))
        .filter(execution_events::seq.gt(after))
        .order(execution_events::seq)
        .limit(limit)
        .select(Event::as_select())
        .load(conn)?)
}
