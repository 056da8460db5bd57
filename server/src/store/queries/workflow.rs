//! A workspace's workflows and the triggers of their active versions.

use diesel::prelude::*;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};
use uuid::Uuid;

use super::happening::Place;
use crate::store::Error;
use crate::store::rows::trigger::{Trigger, TriggerState, TriggerTest};
use crate::store::rows::workflow::Workflow;
use crate::store::schema::{trigger_states, trigger_tests, triggers, workflows};

/// Workflows by id, those after `after`; all, or `only` these.
pub fn workflow_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    only: Option<&[Uuid]>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Workflow>, Error> {
    let query = workflows::table
        .filter(workflows::workspace_id.eq(workspace.0))
        .order(workflows::id)
        .limit(limit)
        .select(Workflow::as_select())
        .into_boxed();
    let query = match after {
        Some(after) => query.filter(workflows::id.gt(after.to_owned())),
        None => query,
    };
    let query = match only {
        Some(only) => query.filter(workflows::uid.eq_any(only.to_vec())),
        None => query,
    };
    Ok(query.load(conn)?)
}

/// The workflow called `id`.
pub fn workflow_get(conn: &mut PgConnection, workspace: WorkspaceId, id: &str) -> Result<Workflow, Error> {
    Ok(workflows::table
        .filter(workflows::workspace_id.eq(workspace.0))
        .filter(workflows::id.eq(id))
        .select(Workflow::as_select())
        .first(conn)?)
}

/// The workflow called `id`, locked until the transaction ends, so that versions are numbered without gaps.
pub fn workflow_lock(conn: &mut PgConnection, workspace: WorkspaceId, id: &str) -> Result<Option<Workflow>, Error> {
    Ok(workflows::table
        .filter(workflows::workspace_id.eq(workspace.0))
        .filter(workflows::id.eq(id))
        .for_update()
        .select(Workflow::as_select())
        .first(conn)
        .optional()?)
}

/// Adds a workflow. [`Error::Conflict`] when another request made it first.
pub fn workflow_insert(conn: &mut PgConnection, workflow: &Workflow) -> Result<(), Error> {
    diesel::insert_into(workflows::table).values(workflow).execute(conn)?;
    Ok(())
}

/// Writes what changes about a workflow: name, versions, time.
pub fn workflow_update(conn: &mut PgConnection, workflow: &Workflow) -> Result<(), Error> {
    diesel::update(workflows::table.find((workflow.workspace_id, workflow.uid)))
        .set((
            workflows::name.eq(&workflow.name),
            workflows::version.eq(workflow.version),
            workflows::active_version.eq(workflow.active_version),
            workflows::updated_at.eq(workflow.updated_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes a workflow and its triggers; its versions stay for the executions that ran them.
pub fn workflow_delete(conn: &mut PgConnection, workspace: WorkspaceId, id: &str) -> Result<(), Error> {
    let deleted = diesel::delete(workflows::table.filter(workflows::workspace_id.eq(workspace.0)).filter(workflows::id.eq(id)))
        .execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// The live triggers of these workflows.
pub fn trigger_list(conn: &mut PgConnection, workspace: WorkspaceId, workflows: &[WorkflowUid]) -> Result<Vec<Trigger>, Error> {
    Ok(triggers::table
        .filter(triggers::workspace_id.eq(workspace.0))
        .filter(triggers::workflow_uid.eq_any(workflows.iter().map(|uid| uid.0)))
        .order((triggers::workflow_uid, triggers::id))
        .select(Trigger::as_select())
        .load(conn)?)
}

/// What the checks of a condition have seen.
pub fn trigger_state(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    workflow: WorkflowUid,
    trigger: &str,
) -> Result<Option<TriggerState>, Error> {
    Ok(trigger_states::table
        .find((workspace.0, workflow.0, trigger))
        .select(TriggerState::as_select())
        .first(conn)
        .optional()?)
}

/// These triggers wait for internal events from `place` on, without what `begins` shows.
pub fn trigger_begin(
    conn: &mut PgConnection,
    (workspace, workflow): (WorkspaceId, WorkflowUid),
    triggers: &[&str],
    (begins, place): (&str, Place),
) -> Result<(), Error> {
    let reading = (
        trigger_states::feed_txid.eq(place.feed.0),
        trigger_states::feed_position.eq(place.feed.1),
        trigger_states::audit_seq.eq(place.audit),
        trigger_states::begins.eq(begins),
    );
    let row = |trigger| {
        let id = trigger_states::trigger_id.eq(trigger);
        (trigger_states::workspace_id.eq(workspace.0), trigger_states::workflow_uid.eq(workflow.0), id, reading)
    };
    diesel::insert_into(trigger_states::table)
        .values(triggers.iter().map(|trigger| row(*trigger)).collect::<Vec<_>>())
        .on_conflict((trigger_states::workspace_id, trigger_states::workflow_uid, trigger_states::trigger_id))
        .do_update()
        .set(reading)
        .execute(conn)?;
    Ok(())
}

/// Adds a test address.
pub fn trigger_test_insert(conn: &mut PgConnection, test: &TriggerTest) -> Result<(), Error> {
    diesel::insert_into(trigger_tests::table).values(test).execute(conn)?;
    Ok(())
}

/// The other workflow that listens to one of `paths`, if any: its id and the path.
pub fn trigger_path_owner(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    workflow: WorkflowUid,
    paths: &[String],
) -> Result<Option<(String, String)>, Error> {
    let found: Option<(String, Option<String>)> = triggers::table
        .inner_join(
            workflows::table
                .on(workflows::workspace_id.eq(triggers::workspace_id).and(workflows::uid.eq(triggers::workflow_uid))),
        )
        .filter(triggers::workspace_id.eq(workspace.0))
        .filter(triggers::workflow_uid.ne(workflow.0))
        .filter(triggers::path.eq_any(paths))
        .select((workflows::id, triggers::path))
        .first(conn)
        .optional()?;
    Ok(found.and_then(|(id, path)| path.map(|path| (id, path))))
}

/// Replaces all triggers of a workflow.
pub fn trigger_replace(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    workflow: WorkflowUid,
    rows: &[Trigger],
) -> Result<(), Error> {
    diesel::delete(
        triggers::table.filter(triggers::workspace_id.eq(workspace.0)).filter(triggers::workflow_uid.eq(workflow.0)),
    )
    .execute(conn)?;
    diesel::insert_into(triggers::table).values(rows).execute(conn)?;
    Ok(())
}
