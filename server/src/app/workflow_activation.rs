//! Activation: which version's triggers are live.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::api::plan::Metric;
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use super::access::reach;
use super::audit::Act;
use super::error::Error;
use super::quota::one_more;
use super::workflow::{Workflows, known_id};
use super::workflow_view::{plan, view};
use crate::auth::{Caller, Operation};
use crate::domain::workflow::plan::{Plan, Trigger as PlanTrigger, TriggerKind, WebhookPath, When};
use crate::store::queries::{billing_subscription, happening, workflow};
use crate::store::rows::trigger::Trigger;
use crate::store::rows::workflow::Workflow;
use crate::store::{self, Connection};

/// Whose triggers shall be live.
#[derive(Clone, Copy)]
enum Live {
    None,
    Newest,
    Version(i32),
}

impl Workflows {
    /// Makes the triggers of `version`, or of the newest version, live in place of those that were.
    pub async fn activate(&self, caller: &Caller, id: &str, version: Option<i32>) -> Result<WorkflowView, Error> {
        reach(caller, Operation::WorkflowActivate)?.workflow(id)?;
        self.change(caller, Operation::WorkflowActivate, id, version.map_or(Live::Newest, Live::Version)).await
    }

    /// Makes no trigger live. Executions under way go on.
    pub async fn deactivate(&self, caller: &Caller, id: &str) -> Result<WorkflowView, Error> {
        reach(caller, Operation::WorkflowDeactivate)?.workflow(id)?;
        self.change(caller, Operation::WorkflowDeactivate, id, Live::None).await
    }

    /// Makes the version that a plan has paused live again.
    pub(super) async fn resume(
        &self,
        workspace: WorkspaceId,
        uid: WorkflowUid,
        (id, version): (&str, i32),
        act: Act,
    ) -> Result<(), Error> {
        let (plans, id, now) = (self.plans.clone(), id.to_owned(), self.clock.now());
        let done = self.database.with_tenant(workspace, move |conn| {
            let Some(mut row) = workflow::workflow_lock(conn, workspace, &id)? else { return Ok(Ok(())) };
            // Somebody has decided otherwise meanwhile.
            if row.uid != uid.0 || row.active_version.is_some() {
                billing_subscription::workflow_unpause(conn, workspace, uid)?;
                return Ok(Ok(()));
            }
            if let Err(refused) = one_more(conn, Metric::ActiveWorkflows)? {
                return Ok(Err(refused));
            }
            let Some(plan) = plan(conn, workspace, &plans, uid, version)? else {
                return Ok(Err(Error::NotFound("workflow version")));
            };
            let triggers = rows(&row, version, &plan, &Moment { now, before: Vec::new() });
            if let Some(refused) = taken_path(conn, workspace, uid, &triggers)? {
                return Ok(Err(refused));
            }
            row.active_version = Some(version);
            workflow::workflow_update(conn, &row)?;
            workflow::trigger_replace(conn, workspace, uid, &triggers)?;
            begin_to_listen(conn, (workspace, uid), &plan, None)?;
            billing_subscription::workflow_unpause(conn, workspace, uid)?;
            act.on("workflow", &row.id).saying("paused by a plan before").after(&row.active_version).write(conn)?;
            Ok(Ok(()))
        });
        done.await??;
        (self.activated)();
        Ok(())
    }

    async fn change(&self, caller: &Caller, operation: Operation, id: &str, wanted: Live) -> Result<WorkflowView, Error> {
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let (id, now) = (known_id(id)?, self.clock.now());
        let act = Act::of(caller, operation, now);
        let done = self
            .database
            .with_tenant(workspace, move |conn| {
                let mut row = workflow::workflow_lock(conn, workspace, &id)?.ok_or(store::Error::NotFound)?;
                let (uid, before) = (WorkflowUid(row.uid), row.active_version);
                if before.is_none()
                    && !matches!(wanted, Live::None)
                    && let Err(refused) = one_more(conn, Metric::ActiveWorkflows)?
                {
                    return Ok(Err(refused));
                }
                row.active_version = match wanted {
                    Live::None => None,
                    Live::Newest => Some(row.version),
                    Live::Version(version) => Some(version),
                };
                let live = match row.active_version {
                    None => None,
                    Some(version) => match plan(conn, workspace, &plans, uid, version)? {
                        Some(plan) => Some((version, plan)),
                        None => return Ok(Err(Error::NotFound("workflow version"))),
                    },
                };
                let triggers = match &live {
                    None => Vec::new(),
                    Some((version, plan)) => {
                        let before = workflow::trigger_list(conn, workspace, &[uid])?;
                        rows(&row, *version, plan, &Moment { now, before })
                    }
                };
                if let Some(refused) = taken_path(conn, workspace, uid, &triggers)? {
                    return Ok(Err(refused));
                }
                row.updated_at = now;
                workflow::workflow_update(conn, &row)?;
                workflow::trigger_replace(conn, workspace, uid, &triggers)?;
                if let Some((_, live)) = &live {
                    let before = before.map(|version| plan(conn, workspace, &plans, uid, version)).transpose()?.flatten();
                    begin_to_listen(conn, (workspace, uid), live, before.as_deref())?;
                }
                billing_subscription::workflow_unpause(conn, workspace, uid)?;
                let act = act.on("workflow", &row.id).before(&before).after(&row.active_version);
                let view = view(conn, workspace, &slug, &plans, row)?;
                act.write(conn)?;
                Ok(Ok(view))
            })
            .await;
        match done {
            Ok(result) => {
                (self.activated)();
                result
            }
            Err(store::Error::Conflict(_)) => Err(Error::Conflict(
                "another workflow took one of the webhook paths at the same moment: choose another path".to_owned(),
            )),
            Err(error) => Err(Error::of("workflow")(error)),
        }
    }
}

/// Why the triggers can't be live: another workflow listens to one of their paths.
fn taken_path(
    conn: &mut Connection,
    workspace: WorkspaceId,
    workflow: WorkflowUid,
    triggers: &[Trigger],
) -> Result<Option<Error>, store::Error> {
    let paths: Vec<String> = triggers.iter().filter_map(|trigger| trigger.path.clone()).collect();
    let owner = workflow::trigger_path_owner(conn, workspace, workflow, &paths)?;
    Ok(owner.map(|(id, path)| {
        Error::Conflict(format!(
            "the webhook path `{path}` belongs to the workflow `{id}`: deactivate it, or choose another path"
        ))
    }))
}

/// The triggers of `live` that wait for internal events, and did not with the version `before`, are told of what happens from this
/// moment on.
fn begin_to_listen(
    conn: &mut Connection,
    (workspace, workflow): (WorkspaceId, WorkflowUid),
    live: &Plan,
    before: Option<&Plan>,
) -> Result<(), store::Error> {
    let listened = |id: &str| before.and_then(|plan| plan.trigger(id)).is_some_and(|trigger| trigger.kind.listen().is_some());
    let listens = live.triggers.iter().filter(|trigger| trigger.kind.listen().is_some());
    let new: Vec<&str> = listens.map(|trigger| &*trigger.id).filter(|id| !listened(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let (begins, place) = happening::begin(conn, workspace.0)?;
    workflow::trigger_begin(conn, (workspace, workflow), &new, (&begins, place))
}

/// When a version becomes live, and what was live until then.
struct Moment {
    now: DateTime<Utc>,
    before: Vec<Trigger>,
}

/// The trigger rows of a version.
fn rows(workflow: &Workflow, version: i32, plan: &Plan, moment: &Moment) -> Vec<Trigger> {
    let row = |trigger: &PlanTrigger| {
        let before = moment.before.iter().find(|row| row.id == *trigger.id && row.kind == trigger.kind.as_str());
        let mut row = Trigger {
            workspace_id: workflow.workspace_id,
            workflow_uid: workflow.uid,
            id: trigger.id.to_string(),
            version,
            kind: trigger.kind.as_str().to_owned(),
            path: trigger.kind.path().map(WebhookPath::key),
            next_at: None,
            instant: None,
            last_at: before.and_then(|before| before.last_at),
        };
        if let TriggerKind::Condition(condition) = &trigger.kind
            && let When::Every { schedule, .. } = &condition.when
        {
            // The first look is at once, so that its author sees whether it works; a new version goes on as it was.
            let due = before.and_then(|before| before.next_at).filter(|due| Some(*due) <= schedule.next_after(moment.now));
            row.next_at = Some(due.unwrap_or(moment.now));
        }
        if let TriggerKind::Schedule(schedule) = &trigger.kind {
            let unfired = before.and_then(|before| before.instant.or(before.next_at));
            row.instant = schedule.first_instant(moment.now, unfired);
            let who = format!("{}/{}", workflow.uid, trigger.id);
            row.next_at = row.instant.map(|instant| schedule.schedule.begins_at(&who, instant));
        }
        row
    };
    plan.triggers.iter().map(row).collect()
}
