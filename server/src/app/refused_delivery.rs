//! Arrivals that a plan refused: listed, and replayed after an upgrade.

use std::sync::Arc;

use tidemill_common::api::plan::Metric;
use tidemill_common::api::quota::Quota;
use tidemill_common::api::refused_delivery::{
    RefusedDeliveryPage, RefusedDeliveryReplay, RefusedDeliveryReplayed, RefusedDeliveryView,
};
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkflowUid};
use uuid::Uuid;

use super::access::authorize;
use super::audit::Act;
use super::engine::{EngineError, Start};
use super::error::Error;
use super::execution::Executions;
use super::page::{self, PageRequest};
use crate::auth::{Caller, Operation};
use crate::store::queries::{quota, refused_delivery};
use crate::store::rows::refused_delivery::RefusedDelivery;

/// Most that are replayed by one request.
const REPLAYED: i64 = 100;

impl Executions {
    /// A page of the workspace's refused arrivals, the newest first.
    pub async fn refused(&self, caller: &Caller, page: PageRequest) -> Result<RefusedDeliveryPage, Error> {
        authorize(caller, Operation::RefusedDeliveryList)?;
        let (workspace, size) = (caller.workspace, page.size()?);
        let before = page.after()?.map(|key| Uuid::parse_str(&key)).transpose().map_err(|_| {
            Error::Invalid("`cursor` is not one that this list gave: send the `next_cursor` of a page".to_owned())
        })?;
        let most = page::rows(size);
        let rows = self
            .database
            .with_tenant(workspace, move |conn| refused_delivery::refused_delivery_list(conn, workspace, before, most))
            .await?;
        let mut items: Vec<_> = rows.into_iter().map(view).collect();
        let next_cursor = page::cut(&mut items, size, |item| item.id.to_string());
        Ok(RefusedDeliveryPage { items, next_cursor })
    }

    /// Starts what was refused, in the order in which it came, as its senders sent it. It stops where the plan allows no more.
    pub async fn refused_replay(
        &self,
        caller: &Caller,
        wanted: RefusedDeliveryReplay,
    ) -> Result<RefusedDeliveryReplayed, Error> {
        authorize(caller, Operation::RefusedDeliveryReplay)?;
        let (workspace, organization) = (caller.workspace, caller.organization);
        // What is refused once more would count as sent once more.
        let meter = self.database.engine(move |conn| quota::meter_get(conn, organization)).await?;
        if let Some(limit) = meter.most.filter(|most| meter.used >= *most) {
            let resets_at = Some(meter.resets_at);
            return Err(Error::QuotaExceeded(Quota { metric: Metric::Executions, limit, used: meter.used, resets_at }));
        }
        let act = Act::of(caller, Operation::RefusedDeliveryReplay, self.clock.now());
        // Written down before it is ordered, as other orders to the engine.
        let waiting = self.database.with_tenant(workspace, move |conn| {
            let ids = wanted.ids.as_deref();
            let waiting = refused_delivery::refused_delivery_waiting(conn, workspace, ids, REPLAYED)?;
            act.on("workspace", workspace).saying(format!("{} refused deliveries", waiting.len())).write(conn)?;
            Ok(waiting)
        });
        let mut count = 0;
        for row in waiting.await? {
            match self.refused_start(caller, row).await {
                Ok(()) => count += 1,
                Err(error) if count == 0 => return Err(error),
                // Those that were started say so; the rest stays, and is counted.
                Err(error) => {
                    tracing::warn!(%error, %workspace, count, "the replay of refused deliveries stopped");
                    break;
                }
            }
        }
        let left = move |conn: &mut _| refused_delivery::refused_delivery_count(conn, workspace);
        Ok(RefusedDeliveryReplayed { count, left: self.database.with_tenant(workspace, left).await? })
    }

    async fn refused_start(&self, caller: &Caller, row: RefusedDelivery) -> Result<(), Error> {
        let (workspace_id, id) = (caller.workspace, row.id);
        // What its sender has sent again meanwhile is known by its key; what has none is known by what it would have been.
        let dedupe = row.source.zip(row.key).or_else(|| Some(("refused".to_owned(), id.to_string())));
        let start = Start {
            workspace_id,
            workflow_uid: WorkflowUid(row.workflow_uid),
            version: row.version,
            trigger: TriggerOrigin { kind: row.trigger_type.into(), id: row.trigger_id.map(Into::into) },
            input: Arc::new(row.input),
            dedupe,
            retry: None,
        };
        let started = self.engine.start(start).await.map_err(|error| match error {
            EngineError::Unavailable => Error::Conflict(format!(
                "the version {} of `{}` that it was sent to can't be executed now: is the workflow still there?",
                row.version, row.workflow_id
            )),
            other => Error::Engine(other),
        })?;
        let now = self.clock.now();
        let done = self.database.with_tenant(workspace_id, move |conn| {
            refused_delivery::refused_delivery_replayed(conn, (workspace_id, id), started.execution_id, now)
        });
        Ok(done.await?)
    }
}

fn view(row: RefusedDelivery) -> RefusedDeliveryView {
    RefusedDeliveryView {
        id: row.id,
        at: row.at,
        workflow_id: row.workflow_id,
        version: row.version,
        trigger_type: row.trigger_type,
        trigger_id: row.trigger_id,
        metric: Metric::ALL.into_iter().find(|metric| metric.as_str() == row.metric).unwrap_or(Metric::Executions),
        times: row.times,
        replayed_at: row.replayed_at,
        execution_id: row.execution_id.map(ExecutionId),
        input: Arc::new(row.input),
    }
}
