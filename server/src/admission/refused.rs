//! What a plan refused is kept, so that its owner sees it and can replay it.

use std::sync::Arc;

use tidemill_common::event::{EventBody, Json};
use tidemill_common::ids::{WorkflowUid, WorkspaceId};
use tokio::sync::Semaphore;

use crate::journal::Refused;
use crate::store::queries::refused_delivery;
use crate::store::rows::refused_delivery::RefusedDelivery;
use crate::store::{self, Database};

/// What arrives without anybody who hears the answer and can come again later by decision.
const KEPT: [&str; 5] = ["webhook", "form", "schedule", "condition", "event"];

/// Keeps refused arrivals. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct RefusedArrivals {
    database: Database,
    /// However many are refused, they take one connection.
    turn: Arc<Semaphore>,
}

impl RefusedArrivals {
    pub(super) fn new(database: Database) -> Self {
        Self { database, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Keeps what arrived, with its whole input. When this fails, it must come again.
    pub(super) async fn keep(
        &self,
        (workspace_id, workflow_uid): (WorkspaceId, WorkflowUid),
        refused: Refused,
        input: Json,
    ) -> Result<(), store::Error> {
        let Refused { quota, first, delivery } = refused;
        let (EventBody::ExecutionStarted { origin: Some(origin) } | EventBody::ExecutionQueued(origin)) = first.body else {
            return Ok(());
        };
        if !KEPT.contains(&&*origin.trigger.kind) {
            return Ok(());
        }
        let (source, key) = delivery.map(|delivery| (delivery.source, delivery.key)).unzip();
        let row = RefusedDelivery {
            workspace_id: workspace_id.0,
            id: first.execution_id.0,
            at: first.at,
            workflow_uid: workflow_uid.0,
            workflow_id: origin.workflow_id.to_string(),
            version: origin.version,
            trigger_type: origin.trigger.kind.to_string(),
            trigger_id: origin.trigger.id.as_deref().map(str::to_owned),
            input: Arc::unwrap_or_clone(input),
            source,
            key,
            metric: quota.metric.as_str().to_owned(),
            times: 1,
            replayed_at: None,
            execution_id: None,
        };
        let _turn = self.turn.acquire().await;
        if !self.database.engine(move |conn| refused_delivery::refused_delivery_keep(conn, &row)).await? {
            tracing::warn!(%workspace_id, "a refused delivery is not kept: as many wait already as are kept");
        }
        Ok(())
    }
}
