//! Executions: started by hand, listed, read.

use std::sync::Arc;

use serde_json::json;
use tidemill_common::api::event::{EventPage, EventView};
use tidemill_common::api::execution::{ExecutionCreate, ExecutionDetail, ExecutionPage, ExecutionView};
use tidemill_common::api::share::Shareable;
use tidemill_common::clock::Clock;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::ExecutionStatus;

use super::access::{Reach, authorize, reach};
use super::audit::Act;
use super::engine::{Engine, Start};
use super::error::Error;
use super::execution_detail::{Readable, detail};
use super::execution_payload::fill;
use super::page::{self, PageRequest};
use super::workflow::known_id;
use super::workflow_view::{outline, plan};
use crate::auth::{Caller, Operation};
use crate::budget::Budget;
use crate::domain::workflow::plan::Plan;
use crate::executor::Plans;
use crate::store::queries::{execution, workflow};
use crate::store::rows::execution::Execution;
use crate::store::rows::workflow::Workflow;
use crate::store::{self, Database};

/// Most events that the fold of one execution reads.
pub(super) const EVENTS: i64 = 200_000;

/// Executions of a workspace.
#[derive(Clone)]
pub struct Executions {
    pub(super) database: Database,
    pub(super) plans: Plans,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) budget: Budget,
    pub(super) clock: Arc<dyn Clock>,
}

/// Which executions to list.
#[derive(Debug, Clone, Default)]
pub struct ExecutionQuery {
    /// Those of this workflow.
    pub workflow_id: Option<String>,
    /// Those in one of these states; all when empty.
    pub statuses: Vec<ExecutionStatus>,
    /// Those that were called by this one.
    pub parent: Option<ExecutionId>,
    /// Which page.
    pub page: PageRequest,
}

impl Executions {
    /// Executions in `database`, started and cancelled by `engine`.
    pub fn new(database: Database, plans: Plans, engine: Arc<dyn Engine>, clock: Arc<dyn Clock>) -> Self {
        Self { database, plans, engine, budget: Budget::default(), clock }
    }

    /// The same, with the memory that this node gives to large payloads.
    #[must_use]
    pub fn within(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Starts an execution by hand. The same idempotency `key` of the same token starts one only.
    pub async fn create(
        &self,
        caller: &Caller,
        workflow_id: &str,
        wanted: ExecutionCreate,
        key: Option<String>,
    ) -> Result<ExecutionView, Error> {
        reach(caller, Operation::ExecutionCreate)?.workflow(workflow_id)?;
        let (row, version, plan) = self.planned(caller.workspace, workflow_id, wanted.version).await?;
        let body = if wanted.input.is_null() { json!({}) } else { wanted.input };
        let body = plan.complete_input(&body).map_err(Error::InputInvalid)?.unwrap_or(body);
        let start = Start {
            workspace_id: caller.workspace,
            workflow_uid: WorkflowUid(row.uid),
            version,
            trigger: TriggerOrigin { kind: "manual".into(), id: None },
            input: Arc::new(json!({ "body": body })),
            dedupe: key.map(|key| (format!("idempotency:{}", caller.token), key)),
            retry: None,
        };
        self.write_down(caller, Operation::ExecutionCreate, "workflow", workflow_id).await?;
        let started = self.engine.start(start).await?;
        self.row_view(caller.workspace, started.execution_id).await
    }

    /// A page of executions, newest first.
    pub async fn list(&self, caller: &Caller, query: ExecutionQuery) -> Result<ExecutionPage, Error> {
        let reach = reach(caller, Operation::ExecutionList)?;
        let only = reach.only(Shareable::Workflow).zip(reach.only(Shareable::Execution));
        let (workspace, size) = (caller.workspace, query.page.size()?);
        let before = query.page.after()?.map(|key| key.parse::<ExecutionId>()).transpose().map_err(|_| {
            Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
        })?;
        let workflow_id = query.workflow_id.as_deref().map(known_id).transpose()?;
        let mut rows = self
            .database
            .with_tenant(workspace, move |conn| {
                let mut filter =
                    execution::ExecutionFilter { workflow: None, only, statuses: query.statuses, parent: query.parent, before };
                if let Some(id) = workflow_id {
                    filter.workflow = Some(WorkflowUid(workflow::workflow_get(conn, workspace, &id)?.uid));
                }
                execution::execution_list(conn, workspace, &filter, page::rows(size))
            })
            .await
            .map_err(Error::of("workflow"))?;
        let next_cursor = page::cut(&mut rows, size, |row| row.id.to_string());
        Ok(ExecutionPage { items: rows.into_iter().map(Execution::view).collect(), next_cursor })
    }

    /// An execution, whole: the fold of its events.
    pub async fn view(&self, caller: &Caller, id: ExecutionId) -> Result<ExecutionDetail, Error> {
        self.permit(caller, Operation::ExecutionView, id).await?;
        let (workspace, plans) = (caller.workspace, self.plans.clone());
        self.database
            .with_tenant(workspace, move |conn| {
                let row = execution::execution_get(conn, workspace, id)?;
                let rows = execution::event_list(conn, workspace, id, 0, EVENTS)?;
                let plan = plan(conn, workspace, &plans, WorkflowUid(row.workflow_uid), row.version)?;
                let steps = plan.map(|plan| outline(&plan)).unwrap_or_default();
                let mut detail = detail(row.view(), steps, Readable::of(rows));
                fill(conn, workspace, &mut detail)?;
                Ok(detail)
            })
            .await
            .map_err(Error::of("execution"))
    }

    /// A page of an execution's events behind `after`, oldest first.
    pub async fn events(&self, caller: &Caller, id: ExecutionId, after: i32, limit: Option<usize>) -> Result<EventPage, Error> {
        self.permit(caller, Operation::ExecutionEvents, id).await?;
        let (workspace, size) =
            (caller.workspace, PageRequest { limit: Some(limit.unwrap_or(PAGE_ITEMS)), cursor: None }.size()?);
        let mut rows = self
            .database
            .with_tenant(workspace, move |conn| {
                execution::execution_get(conn, workspace, id)?;
                execution::event_list(conn, workspace, id, after, page::rows(size))
            })
            .await
            .map_err(Error::of("execution"))?;
        let more = rows.len() > size;
        rows.truncate(size);
        let next_after = rows.last().filter(|_| more).map(|last| last.seq);
        let items = rows
            .into_iter()
            .map(|row| EventView { execution_id: id, seq: row.seq, at: row.at, kind: row.kind, data: row.data })
            .collect();
        Ok(EventPage { items, next_after })
    }

    /// Whether the caller may follow this execution.
    pub async fn follow(&self, caller: &Caller, id: ExecutionId) -> Result<(), Error> {
        self.permit(caller, Operation::ExecutionStream, id).await?;
        self.row_view(caller.workspace, id).await.map(drop)
    }

    /// Whether the caller may follow everything in the workspace.
    pub fn follow_workspace(&self, caller: &Caller) -> Result<(), Error> {
        authorize(caller, Operation::WorkspaceStream)
    }

    /// Refuses an operation on an execution that is out of the caller's reach. Costs a query only where something is shared.
    pub(super) async fn permit(&self, caller: &Caller, operation: Operation, id: ExecutionId) -> Result<(), Error> {
        let reach = reach(caller, operation)?;
        if matches!(reach, Reach::Everything) {
            return Ok(());
        }
        let workspace = caller.workspace;
        let row = self.database.with_tenant(workspace, move |conn| execution::execution_get(conn, workspace, id)).await;
        let row = row.map_err(Error::of("execution"))?;
        reach.execution(id, WorkflowUid(row.workflow_uid))
    }

    /// Writes an order down before it is given: the engine commits in transactions of its own.
    pub(super) async fn write_down(
        &self,
        caller: &Caller,
        operation: Operation,
        kind: &'static str,
        id: impl ToString,
    ) -> Result<(), Error> {
        let act = Act::of(caller, operation, self.clock.now()).on(kind, id);
        Ok(self.database.with_tenant(caller.workspace, move |conn| act.write(conn)).await?)
    }

    pub(super) async fn row_view(&self, workspace: WorkspaceId, id: ExecutionId) -> Result<ExecutionView, Error> {
        self.database
            .with_tenant(workspace, move |conn| Ok(execution::execution_get(conn, workspace, id)?.view()))
            .await
            .map_err(Error::of("execution"))
    }

    /// The workflow, the version to execute and its plan.
    pub(super) async fn planned(
        &self,
        workspace: WorkspaceId,
        id: &str,
        version: Option<i32>,
    ) -> Result<(Workflow, i32, Arc<Plan>), Error> {
        let (id, plans) = (known_id(id)?, self.plans.clone());
        let found = self
            .database
            .with_tenant(workspace, move |conn| {
                let row = workflow::workflow_get(conn, workspace, &id)?;
                let version = version.or(row.active_version).unwrap_or(row.version);
                let plan = plan(conn, workspace, &plans, WorkflowUid(row.uid), version)?;
                Ok::<_, store::Error>(plan.map(|plan| (row, version, plan)))
            })
            .await
            .map_err(Error::of("workflow"))?;
        found.ok_or(Error::NotFound("workflow version"))
    }
}
