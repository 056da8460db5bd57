//! Notices of quotas: that most of a limit is used, or all of it, starts the workflows that listen. No plan counts these executions.

use std::sync::Arc;

use serde_json::{Value, json};
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};
use uuid::Uuid;

use super::event::Events;
use super::schedule::Error;
use crate::admission::Arrival;
use crate::domain::execution::QUOTA_TRIGGER;
use crate::domain::workflow::plan::{InternalEvent, TriggerKind};
use crate::executor::VersionError;
use crate::journal::Delivery;
use crate::store;
use crate::store::queries::billing_subscription::{self, NoticeRow};

impl Events {
    /// Tells the event triggers of each organization what its quotas have reached.
    pub async fn tell_quotas(&self) -> Result<(), store::Error> {
        let rows = self.database.engine(billing_subscription::notices_untold).await?;
        let mut failed: Vec<Uuid> = Vec::new();
        for row in &rows {
            if let Err(error) = self.tell_quota(row).await {
                let workflow = row.workflow_uid.unwrap_or_default();
                tracing::warn!(error = &error as &dyn std::error::Error, %workflow, "a trigger can't be told of a quota; trying again");
                failed.push(row.id);
            }
        }
        let now = self.clock.now();
        let mut told: Vec<Uuid> = rows.iter().map(|row| row.id).filter(|id| !failed.contains(id)).collect();
        told.dedup();
        for id in told {
            self.database.engine(move |conn| billing_subscription::notice_told(conn, id, now)).await?;
        }
        Ok(())
    }

    async fn tell_quota(&self, row: &NoticeRow) -> Result<(), Error> {
        let (Some(workspace), Some(workflow), Some(trigger), Some(version)) =
            (row.workspace_id, row.workflow_uid, &row.trigger_id, row.version)
        else {
            return Ok(());
        };
        let (workspace_id, workflow_uid) = (WorkspaceId(workspace), WorkflowUid(workflow));
        let plan = self.versions.plan((workspace_id, workflow_uid, version)).await?;
        let found = plan.triggers.iter().find(|known| *known.id == **trigger).ok_or(VersionError::Missing)?;
        let TriggerKind::Event(event) = &found.kind else { return Err(VersionError::Missing.into()) };
        if event.event != happened(row) {
            return Ok(());
        }
        let input = Arc::new(json!({ "body": body(row) }));
        if !self.wanted(&plan, (version, trigger), event, &input) {
            return Ok(());
        }
        let arrival = Arrival {
            execution_id: self.next_id(),
            workspace_id,
            workflow_uid,
            version,
            trigger: TriggerOrigin { kind: QUOTA_TRIGGER.into(), id: Some(Arc::clone(&found.id)) },
            input,
            delivery: Some(Delivery { source: format!("quota:{workflow}:{trigger}"), key: row.id.to_string() }),
            retry: None,
            parent: None,
            share: None,
            plan: Arc::clone(&plan),
        };
        self.start(arrival).await
    }
}

fn happened(row: &NoticeRow) -> InternalEvent {
    if row.percent >= 100 { InternalEvent::QuotaReached } else { InternalEvent::QuotaWarning }
}

fn body(row: &NoticeRow) -> Value {
    json!({
        "event": happened(row).as_str(),
        "quota": {
            "metric": row.metric,
            "percent": row.percent,
            "used": row.used,
            "limit": row.most,
            "period_start": row.period_start,
            "resets_at": row.period_end,
        },
    })
}
