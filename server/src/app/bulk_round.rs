//! Carries out orders about many executions, a part at a time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::bulk::{BulkAction, BulkOrder};
use tidemill_common::api::control::ExecutionRetry;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tidemill_common::status::ExecutionStatus;
use tokio::sync::Notify;

use super::engine::{Command, EngineError, Order, Start};
use super::error::Error;
use super::execution::Executions;
use crate::store;
use crate::store::queries::{bulk_order, dead_letter, execution};
use crate::store::rows::bulk_order::BulkOrder as Row;

/// Most executions of one part.
const PART: i64 = 100;

/// Orders that were given.
#[derive(Clone)]
pub struct BulkRounds {
    executions: Executions,
    ordered: Arc<Notify>,
}

impl BulkRounds {
    /// Carries out orders about `executions`; `ordered` is woken when one was given.
    pub fn new(executions: Executions, ordered: Arc<Notify>) -> Self {
        Self { executions, ordered }
    }

    /// Waits until an order was given on this node.
    pub async fn ordered(&self) {
        self.ordered.notified().await;
    }

    /// Carries out a part of the order whose turn has come. Returns when there is more to do, as far as is known.
    pub async fn round(&self) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.executions.clock.now();
        let (order, next_at) = self.executions.database.engine(move |conn| bulk_order::bulk_take(conn, now)).await?;
        let Some(order) = order else { return Ok(next_at) };
        let size = i64::from(order.rate).min(PART);
        let found = order.clone();
        let ids = self.executions.database.engine(move |conn| bulk_order::bulk_next(conn, &found, size)).await?;
        let (mut done, mut skipped) = (0, 0);
        for id in &ids {
            if self.one(&order, ExecutionId(*id)).await? { done += 1 } else { skipped += 1 }
        }
        let cursor = ids.last().copied();
        let taken = i64::try_from(ids.len()).unwrap_or(size);
        let next_at = (taken == size).then(|| now + TimeDelta::milliseconds(taken * 1_000 / i64::from(order.rate)));
        let ended = self.executions.clock.now();
        self.executions
            .database
            .engine(move |conn| bulk_order::bulk_advance(conn, &order, cursor, (done, skipped), next_at, ended))
            .await?;
        Ok(Some(ended))
    }

    /// Carries out the order for one execution. False when it can't be: that is nobody's fault. However often it happens, it
    /// has one effect.
    async fn one(&self, row: &Row, id: ExecutionId) -> Result<bool, Error> {
        let order: BulkOrder =
            serde_json::from_value(row.details.clone()).map_err(|error| store::Error::Corrupt(error.to_string()))?;
        let done = match order.action {
            BulkAction::Cancel => self.cancel(row, id, order.reason).await,
            BulkAction::Retry => self.retry(row, id, &order).await,
        };
        match done {
            Ok(()) => Ok(true),
            Err(error @ (Error::Store(store::Error::Unavailable(_)) | Error::Engine(_))) => Err(error),
            Err(_) => Ok(false),
        }
    }

    async fn cancel(&self, row: &Row, id: ExecutionId, reason: Option<String>) -> Result<(), Error> {
        let order = Order { command: Command::Cancel, reason, by: row.ordered_by.clone() };
        let workspace = WorkspaceId(row.workspace_id);
        match self.executions.engine.order(workspace, id, order).await {
            // Before a crash this order may have been what cancelled it.
            Err(EngineError::Ended) if self.is_cancelled(workspace, id).await? => Ok(()),
            Err(EngineError::Ended | EngineError::NotFound) => Err(Error::Conflict("it has ended".to_owned())),
            other => Ok(other?),
        }
    }

    async fn is_cancelled(&self, workspace: WorkspaceId, id: ExecutionId) -> Result<bool, Error> {
        let row =
            self.executions.database.with_tenant(workspace, move |conn| execution::execution_get(conn, workspace, id)).await?;
        Ok(row.status()? == ExecutionStatus::Cancelled)
    }

    async fn retry(&self, row: &Row, id: ExecutionId, order: &BulkOrder) -> Result<(), Error> {
        let workspace = WorkspaceId(row.workspace_id);
        let wanted = ExecutionRetry { from: order.from, patch: order.patch.clone(), ..ExecutionRetry::default() };
        let start = self.executions.tried(workspace, id, None).await?.again(id, &wanted)?;
        let dedupe = Some((format!("bulk:{}", row.id), id.to_string()));
        let again = self.executions.engine.start(Start { dedupe, ..start }).await?.execution_id;
        let by = row.ordered_by.clone();
        self.executions
            .database
            .with_tenant(workspace, move |conn| {
                dead_letter::dead_letter_retried(conn, workspace, (id, again), &by, again.admitted_at())
            })
            .await?;
        Ok(())
    }
}
