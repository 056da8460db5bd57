//! A workspace's executions and their events, as people read them. What the engine writes is in the journal's queries.

use diesel::prelude::*;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::status::ExecutionStatus;

use crate::store::Error;
use crate::store::rows::event::Event;
use crate::store::rows::execution::Execution;
use crate::store::schema::{execution_events, execution_queue, executions};

/// Which executions to list.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// Those of this workflow.
    pub workflow: Option<WorkflowUid>,
    /// Those of these workflows and these themselves; all when absent.
    pub only: Option<(Vec<uuid::Uuid>, Vec<uuid::Uuid>)>,
    /// Those in one of these states; all when empty.
    pub statuses: Vec<ExecutionStatus>,
    /// Those that were called by this one.
    pub parent: Option<ExecutionId>,
    /// Those older than this one: where the page before ended.
    pub before: Option<ExecutionId>,
}

/// Where executions in some states are found without reading all the others.
enum Source {
    /// Every execution, or those in these states where such are not few.
    All(Vec<ExecutionStatus>),
    /// In one of these states, none of which is final: the queue has them all.
    Queue(Vec<ExecutionStatus>),
    /// Ended otherwise than well: there is an index.
    Ending(ExecutionStatus),
}

/// A page of executions, newest first.
pub fn execution_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    filter: &ExecutionFilter,
    limit: i64,
) -> Result<Vec<Execution>, Error> {
    let mut rows = Vec::new();
    for source in sources(&filter.statuses) {
        rows.extend(page(conn, workspace, (filter, source), limit)?);
    }
    // An execution that ended between two reads may be in both.
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows.dedup_by_key(|row| row.id);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

fn sources(statuses: &[ExecutionStatus]) -> Vec<Source> {
    if statuses.is_empty() || statuses.contains(&ExecutionStatus::Succeeded) {
        return vec![Source::All(statuses.to_vec())];
    }
    let (ended, open): (Vec<_>, Vec<_>) = statuses.iter().partition(|status| status.is_terminal());
    let open = (!open.is_empty()).then_some(Source::Queue(open));
    open.into_iter().chain(ended.into_iter().map(Source::Ending)).collect()
}

fn page(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    (filter, source): (&ExecutionFilter, Source),
    limit: i64,
) -> Result<Vec<Execution>, Error> {
    let all = executions::table.filter(executions::workspace_id.eq(workspace.0)).select(Execution::as_select());
    let mut query = all.order(executions::id.desc()).limit(limit).into_boxed();
    if let Some(workflow) = filter.workflow {
        query = query.filter(executions::workflow_uid.eq(workflow.0));
    }
    if let Some((workflows, ids)) = &filter.only {
        query = query.filter(executions::workflow_uid.eq_any(workflows.clone()).or(executions::id.eq_any(ids.clone())));
    }
    if let Some(parent) = filter.parent {
        query = query.filter(executions::parent_id.eq(parent.0));
    }
    if let Some(before) = filter.before {
        query = query.filter(executions::id.lt(before.0));
    }
    let words = |statuses: Vec<ExecutionStatus>| statuses.into_iter().map(ExecutionStatus::as_str).collect::<Vec<_>>();
    query = match source {
        Source::All(statuses) if statuses.is_empty() => query,
        Source::All(statuses) => query.filter(executions::status.eq_any(words(statuses))),
        Source::Queue(statuses) => {
            let queue = execution_queue::table.filter(execution_queue::workspace_id.eq(workspace.0));
            let open = queue.select(execution_queue::execution_id);
            query.filter(executions::id.eq_any(open)).filter(executions::status.eq_any(words(statuses)))
        }
        Source::Ending(status) => query.filter(executions::ending.eq(status.as_str())),
    };
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
