//! Orders about many executions at once: given, listed, stopped.

use std::sync::Arc;

use tidemill_common::api::bulk::{BulkAction, BulkList, BulkOrder, BulkState, BulkView};
use tidemill_common::ids::{ExecutionId, WorkflowUid};
use tidemill_common::limits::PAGE_ITEMS;
use tidemill_common::status::ExecutionStatus;
use tokio::sync::Notify;
use uuid::Uuid;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::execution::Executions;
use super::execution_control::check_reason;
use super::workflow::known_id;
use crate::auth::{Caller, Operation};
use crate::store;
use crate::store::queries::{bulk_order, workflow};
use crate::store::rows::bulk_order::BulkOrder as Row;

/// How many per second when nobody asks for a number.
const RATE: u32 = 10;
/// Most orders of a workspace that are carried out at once.
const RUNNING: i64 = 20;

/// Orders about many executions.
#[derive(Clone)]
pub struct BulkOrders {
    executions: Executions,
    /// Woken when an order was given.
    ordered: Arc<Notify>,
}

impl BulkOrders {
    /// Orders about `executions`; `ordered` is woken when one was given.
    pub fn new(executions: Executions, ordered: Arc<Notify>) -> Self {
        Self { executions, ordered }
    }

    /// Gives an order. It goes on by itself.
    pub async fn create(&self, caller: &Caller, wanted: BulkOrder) -> Result<BulkView, Error> {
        authorize(caller, Operation::ExecutionBulkCreate)?;
        check_reason(wanted.reason.as_deref())?;
        let (workspace, now) = (caller.workspace, self.executions.clock.now());
        let workflow_id = wanted.workflow.as_deref().map(known_id).transpose()?;
        let dry_run = wanted.dry_run;
        let mut row = row(caller, &wanted, ExecutionId::new(now))?;
        let act = Act::of(caller, Operation::ExecutionBulkCreate, now);
        let view = self
            .executions
            .database
            .with_tenant(workspace, move |conn| {
                if let Some(id) = workflow_id {
                    row.workflow_uid = Some(WorkflowUid(workflow::workflow_get(conn, workspace, &id)?.uid).0);
                }
                let count = u32::try_from(bulk_order::bulk_count(conn, &row)?).ok();
                if dry_run {
                    return Ok(Ok(BulkView { state: BulkState::DryRun, ..row.view(count) }));
                }
                if bulk_order::bulk_running(conn, workspace)? >= RUNNING {
                    return Ok(Err(Error::Conflict(format!("{RUNNING} orders are being carried out; stop one, or wait"))));
                }
                bulk_order::bulk_insert(conn, &row)?;
                act.on("order", row.id).saying(&row.action).after(&row.details).write(conn)?;
                Ok::<_, store::Error>(Ok(row.view(count)))
            })
            .await
            .map_err(Error::of("workflow"))??;
        self.ordered.notify_one();
        Ok(view)
    }

    /// The newest orders.
    pub async fn list(&self, caller: &Caller) -> Result<BulkList, Error> {
        authorize(caller, Operation::ExecutionBulkList)?;
        let (workspace, most) = (caller.workspace, i64::try_from(PAGE_ITEMS).unwrap_or(i64::MAX));
        let rows =
            self.executions.database.with_tenant(workspace, move |conn| bulk_order::bulk_list(conn, workspace, most)).await?;
        Ok(BulkList { items: rows.into_iter().map(|row| row.view(None)).collect() })
    }

    /// Stops an order. What it has done stays.
    pub async fn stop(&self, caller: &Caller, id: ExecutionId) -> Result<BulkView, Error> {
        authorize(caller, Operation::ExecutionBulkStop)?;
        let (workspace, now) = (caller.workspace, self.executions.clock.now());
        let act = Act::of(caller, Operation::ExecutionBulkStop, now);
        let row = self
            .executions
            .database
            .with_tenant(workspace, move |conn| {
                bulk_order::bulk_stop(conn, workspace, id.0, now)?;
                let row = bulk_order::bulk_get(conn, workspace, id.0)?;
                act.on("order", id).write(conn)?;
                Ok(row)
            })
            .await
            .map_err(Error::of("order"))?;
        Ok(row.view(None))
    }
}

fn row(caller: &Caller, wanted: &BulkOrder, id: ExecutionId) -> Result<Row, Error> {
    let retries = wanted.action == BulkAction::Retry;
    if !retries && wanted.patch.is_some() {
        return Err(Error::Invalid("`patch` goes with the action `retry`".to_owned()));
    }
    let statuses = statuses(wanted)?;
    let rate = i32::try_from(wanted.rate.unwrap_or(RATE)).ok().filter(|rate| (1..=1_000).contains(rate));
    let floor = |at| ExecutionId::with_bits(at, [0; 10]).0;
    // What begins after the order is given is not meant.
    let until_id = wanted.until.map_or(id.0, |until| floor(until).min(id.0));
    Ok(Row {
        workspace_id: caller.workspace.0,
        id: id.0,
        action: wanted.action.as_str().to_owned(),
        state: "running".to_owned(),
        workflow_uid: None,
        statuses: statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>().join(","),
        from_id: wanted.since.map_or(Uuid::nil(), floor),
        until_id,
        cursor_id: None,
        details: serde_json::to_value(wanted).map_err(|error| Error::Internal(error.to_string()))?,
        rate: rate.ok_or_else(|| Error::Invalid("`rate` must be 1 to 1000 a second".to_owned()))?,
        ordered_by: caller.user_name.to_string(),
        done: 0,
        skipped: 0,
        next_at: id.admitted_at(),
        finished_at: None,
        part: None,
    })
}

/// The states that are meant. What has ended can't be cancelled; what has not can't be tried again.
fn statuses(wanted: &BulkOrder) -> Result<Vec<ExecutionStatus>, Error> {
    let retries = wanted.action == BulkAction::Retry;
    if wanted.status.is_empty() {
        let failed = |status: &ExecutionStatus| matches!(status, ExecutionStatus::Failed | ExecutionStatus::DeadLetter);
        let meant = |status: &ExecutionStatus| if retries { failed(status) } else { !status.is_terminal() };
        return Ok(ExecutionStatus::ALL.into_iter().filter(meant).collect());
    }
    match wanted.status.iter().find(|status| status.is_terminal() != retries) {
        Some(status) if retries => {
            Err(Error::Invalid(format!("`{status}` executions have not ended and can't be tried again")))
        }
        Some(status) => Err(Error::Invalid(format!("`{status}` executions have ended and can't be cancelled"))),
        None => Ok(wanted.status.clone()),
    }
}
