//! Triggers: listed, shown, tried out.

use std::sync::Arc;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use tidemill_common::api::trigger::{TriggerCheck, TriggerDetail, TriggerPage, TriggerTestAddress};
use tidemill_common::api::workflow::WorkflowView;
use tidemill_common::clock::Clock;
use tidemill_common::ids::WorkflowUid;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::page::{self, PageRequest};
use super::workflow::known_id;
use super::workflow_view::{plan, view, views};
use crate::auth::{Caller, Operation, Secret};
use crate::executor::Plans;
use crate::store::Database;
use crate::store::queries::workflow;
use crate::store::rows::trigger::{TriggerState, TriggerTest};

/// How long a test address works.
const TEST: TimeDelta = TimeDelta::hours(1);

/// Triggers of a workspace.
#[derive(Clone)]
pub struct Triggers {
    database: Database,
    plans: Plans,
    clock: Arc<dyn Clock>,
}

impl Triggers {
    /// Triggers in `database`.
    pub fn new(database: Database, plans: Plans, clock: Arc<dyn Clock>) -> Self {
        Self { database, plans, clock }
    }

    /// The triggers of a page of workflows, by workflow.
    pub async fn list(&self, caller: &Caller, request: PageRequest) -> Result<TriggerPage, Error> {
        authorize(caller, Operation::TriggerList)?;
        let (size, after) = (request.size()?, request.after()?);
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let (workflows, next_cursor) = self
            .database
            .with_tenant(workspace, move |conn| {
                let mut rows = workflow::workflow_list(conn, workspace, None, after.as_deref(), page::rows(size))?;
                let next = page::cut(&mut rows, size, |row| row.id.clone());
                Ok((views(conn, workspace, &slug, &plans, rows)?, next))
            })
            .await?;
        Ok(TriggerPage { items: workflows.into_iter().flat_map(details).collect(), next_cursor })
    }

    /// One trigger.
    pub async fn view(&self, caller: &Caller, workflow: &str, trigger: &str) -> Result<TriggerDetail, Error> {
        authorize(caller, Operation::TriggerView)?;
        let (workspace, slug, plans) = (caller.workspace, Arc::clone(&caller.workspace_slug), self.plans.clone());
        let (id, wanted) = (known_id(workflow)?, trigger.replace('\0', ""));
        let (found, state) = self
            .database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                let state = workflow::trigger_state(conn, workspace, WorkflowUid(row.uid), &wanted)?;
                Ok((view(conn, workspace, &slug, &plans, row)?, state))
            })
            .await
            .map_err(Error::of("workflow"))?;
        let detail = details(found).find(|detail| detail.trigger.id == trigger).ok_or(Error::NotFound("trigger"))?;
        let is_condition = detail.trigger.kind == "condition";
        Ok(TriggerDetail { check: state.filter(|_| is_condition).map(check), ..detail })
    }

    /// Makes an address at which a version's trigger takes deliveries for an hour, whether the version is active or not.
    pub async fn test(
        &self,
        caller: &Caller,
        workflow: &str,
        trigger: &str,
        version: Option<i32>,
    ) -> Result<TriggerTestAddress, Error> {
        authorize(caller, Operation::TriggerTest)?;
        let token = Secret::generate_address().map_err(|error| Error::Internal(error.to_string()))?;
        let (workspace, plans, trigger_id) = (caller.workspace, self.plans.clone(), trigger.to_owned());
        let (id, hash, expires_at) = (known_id(workflow)?, Sha256::digest(token.as_bytes()).to_vec(), self.clock.now() + TEST);
        let act = Act::of(caller, Operation::TriggerTest, self.clock.now());
        let made = self
            .database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                let version = version.unwrap_or(row.version);
                let Some(plan) = plan(conn, workspace, &plans, WorkflowUid(row.uid), version)? else {
                    return Ok(Err(Error::NotFound("workflow version")));
                };
                let Some(trigger) = plan.trigger(&trigger_id) else { return Ok(Err(Error::NotFound("trigger"))) };
                let Some(path) = trigger.kind.path() else {
                    let why = "only triggers with a path have a test address; start the others by hand: `tidemill run`";
                    return Ok(Err(Error::Invalid(why.to_owned())));
                };
                let workspace_id = workspace.0;
                let test = TriggerTest { workspace_id, hash, workflow_uid: row.uid, version, trigger_id, expires_at };
                workflow::trigger_test_insert(conn, &test)?;
                act.on("workflow", &id).saying(format!("trigger `{}`", test.trigger_id)).write(conn)?;
                Ok(Ok((path.as_str().to_owned(), version)))
            })
            .await
            .map_err(Error::of("workflow"))?;
        let (path, version) = made?;
        Ok(TriggerTestAddress { path: format!("/test-hooks/{token}/{path}"), version, expires_at })
    }
}

fn details(workflow: WorkflowView) -> impl Iterator<Item = TriggerDetail> {
    let WorkflowView { id, version, active_version, triggers, .. } = workflow;
    triggers.into_iter().map(move |trigger| TriggerDetail {
        workflow_id: id.clone(),
        version: active_version.unwrap_or(version),
        active: active_version.is_some(),
        trigger,
        check: None,
    })
}

fn check(row: TriggerState) -> TriggerCheck {
    let TriggerState { checked_at, succeeded_at, result, error, holds, fired, fired_at } = row;
    TriggerCheck { checked_at, succeeded_at, result, error, holds, fired, fired_at }
}
