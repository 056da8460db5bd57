//! What the API shows of workflows: rows and plans put together.

use std::collections::HashMap;
use std::sync::Arc;

use tidemill_common::api::trigger::TriggerView;
use tidemill_common::api::workflow::{StepOutline, WorkflowView};
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use crate::domain::workflow::duration;
use crate::domain::workflow::plan::{Plan, Trigger, TriggerKind, WrittenSchedule};
use crate::executor::Plans;
use crate::store::queries::{workflow, workflow_version};
use crate::store::rows::trigger::Trigger as TriggerRow;
use crate::store::rows::workflow::Workflow;
use crate::store::{self, Connection};

/// The steps of a plan as the graph shows them.
pub fn outline(plan: &Plan) -> Vec<StepOutline> {
    plan.steps
        .iter()
        .map(|step| StepOutline {
            id: step.id.to_string(),
            uses: step.uses.to_owned(),
            depends_on: step.depends_on.iter().map(|place| plan.steps[*place].id.to_string()).collect(),
        })
        .collect()
}

/// Where webhook deliveries of a path are posted.
fn hook_address(slug: &str, path: &str) -> String {
    format!("/hooks/{slug}/{path}")
}

pub(super) fn trigger_view(slug: &str, trigger: &Trigger, live: Option<&TriggerRow>) -> TriggerView {
    let written = match &trigger.kind {
        TriggerKind::Schedule(schedule) => schedule.written.clone(),
        TriggerKind::Condition(condition) => WrittenSchedule { every: condition.interval(), ..WrittenSchedule::default() },
        TriggerKind::Webhook(_) | TriggerKind::Event(_) | TriggerKind::Form(_) | TriggerKind::Call(_) => {
            WrittenSchedule::default()
        }
    };
    TriggerView {
        id: trigger.id.to_string(),
        kind: trigger.kind.as_str().to_owned(),
        path: trigger.kind.path().map(|path| hook_address(slug, path.as_str())),
        cron: written.cron,
        every: written.every.map(duration::write),
        at: written.at,
        timezone: matches!(trigger.kind, TriggerKind::Schedule(_)).then_some(written.timezone),
        starts_at: written.starts_at,
        ends_at: written.ends_at,
        jitter: written.jitter.map(duration::write),
        next_at: live.and_then(|row| row.next_at),
        last_at: live.and_then(|row| row.last_at),
    }
}

/// The version whose triggers a view shows: the active one, else the newest.
fn shown_version(row: &Workflow) -> i32 {
    row.active_version.unwrap_or(row.version)
}

/// Views of `rows`, with the triggers of their shown versions.
pub(super) fn views(
    conn: &mut Connection,
    workspace: WorkspaceId,
    slug: &str,
    plans: &Plans,
    rows: Vec<Workflow>,
) -> Result<Vec<WorkflowView>, store::Error> {
    let wanted: Vec<_> = rows.iter().map(|row| (WorkflowUid(row.uid), shown_version(row))).collect();
    let compiled = compiled(conn, workspace, plans, &wanted)?;
    let uids: Vec<_> = wanted.iter().map(|(uid, _)| *uid).collect();
    let live = workflow::trigger_list(conn, workspace, &uids)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let plan = compiled.get(&(WorkflowUid(row.uid), shown_version(&row)));
            let triggers = plan.map(|plan| &plan.triggers[..]).unwrap_or_default();
            let find = |id: &str| live.iter().find(|live| live.workflow_uid == row.uid && live.id == id);
            WorkflowView {
                triggers: triggers.iter().map(|trigger| trigger_view(slug, trigger, find(&trigger.id))).collect(),
                id: row.id,
                name: row.name,
                version: row.version,
                active_version: row.active_version,
                created_at: row.created_at,
                updated_at: row.updated_at,
            }
        })
        .collect())
}

/// The view of one row.
pub(super) fn view(
    conn: &mut Connection,
    workspace: WorkspaceId,
    slug: &str,
    plans: &Plans,
    row: Workflow,
) -> Result<WorkflowView, store::Error> {
    views(conn, workspace, slug, plans, vec![row])?.pop().ok_or(store::Error::NotFound)
}

/// The plans of these versions; files are read only for those that are not remembered.
fn compiled(
    conn: &mut Connection,
    workspace: WorkspaceId,
    plans: &Plans,
    wanted: &[(WorkflowUid, i32)],
) -> Result<HashMap<(WorkflowUid, i32), Arc<Plan>>, store::Error> {
    let mut found = HashMap::new();
    let mut missing = Vec::new();
    for &(uid, version) in wanted {
        match plans.recall(uid, version) {
            Some(plan) => drop(found.insert((uid, version), plan)),
            None => missing.push((uid, version)),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    for row in workflow_version::version_sources(conn, workspace, &missing)? {
        let key = (WorkflowUid(row.workflow_uid), row.version);
        if let Some(plan) = plans.compile(key.0, key.1, &row.source) {
            found.insert(key, plan);
        }
    }
    Ok(found)
}

/// The plan of one version.
pub(super) fn plan(
    conn: &mut Connection,
    workspace: WorkspaceId,
    plans: &Plans,
    workflow: WorkflowUid,
    version: i32,
) -> Result<Option<Arc<Plan>>, store::Error> {
    Ok(compiled(conn, workspace, plans, &[(workflow, version)])?.remove(&(workflow, version)))
}
