//! Schedules: an occurrence that is due starts an execution, exactly one.
//!
//! The trigger's row says which instant is next. The instant is also the delivery's key, so that whoever fires it, and
//! however often, starts one execution; only then does the row move on.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tidemill_common::clock::Clock;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use crate::admission::{Admission, Arrival, Refusal};
use crate::domain::workflow::plan::TriggerKind;
use crate::executor::{VersionError, Versions};
use crate::journal::Delivery;
use crate::store::queries::version::{self, DueRow};
use crate::store::{self, Database};

/// Triggers that are fired at once.
const PAGE: i64 = 100;

/// Why a trigger could not be fired. It stays due.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database can't be read or written.
    #[error("the schedules can't be read")]
    Store(#[from] store::Error),
    /// The version can't be executed.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// No room, or no database.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Fires schedule triggers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Schedules {
    database: Database,
    versions: Versions,
    admission: Admission,
    clock: Arc<dyn Clock>,
}

impl Schedules {
    /// Schedules whose executions go through `admission`.
    #[must_use]
    pub fn new(database: Database, versions: Versions, admission: Admission, clock: Arc<dyn Clock>) -> Self {
        Self { database, versions, admission, clock }
    }

    /// Fires everything that is due and returns when the next trigger is. A trigger that can't be fired holds up no other.
    pub async fn fire_due(&self) -> Result<Option<DateTime<Utc>>, store::Error> {
        let now = self.clock.now();
        let due = self.database.engine(move |connection| Ok(version::due_schedules(connection, now, PAGE)?)).await?;
        for row in due {
            let (workflow, trigger) = (row.workflow_uid, row.trigger_id.clone());
            if let Err(error) = self.fire(row, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, %workflow, %trigger, "a schedule can't be fired; trying again");
            }
        }
        self.database.engine(|connection| Ok(version::next_schedule(connection)?)).await
    }

    /// Fires the instant that is due. Instants that passed while no server ran are made up for by this one.
    async fn fire(&self, row: DueRow, now: DateTime<Utc>) -> Result<(), Error> {
        let (workspace_id, workflow_uid) = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid));
        let plan = self.versions.plan((workspace_id, workflow_uid, row.version)).await?;
        let trigger = plan.trigger(&row.trigger_id).ok_or(VersionError::Missing)?;
        let TriggerKind::Schedule(schedule) = &trigger.kind else { return Err(VersionError::Missing.into()) };
        let next_at = schedule.schedule.next_after(now.max(row.next_at));
        let instant = row.next_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let input = json!({"body": {}, "scheduled_at": instant, "cron": schedule.cron, "timezone": schedule.timezone});
        let arrival = Arrival {
            execution_id: self.admission.next_id(),
            workspace_id,
            workflow_uid,
            version: row.version,
            trigger: TriggerOrigin { kind: "schedule".into(), id: Some(Arc::clone(&trigger.id)) },
            input: Arc::new(input),
            delivery: Some(Delivery { source: format!("schedule:{workflow_uid}:{}", row.trigger_id), key: instant }),
            retry: None,
            parent: None,
            plan,
        };
        self.admission.admit(arrival).await?;
        self.database.engine(move |connection| Ok(version::advance_schedule(connection, &row, next_at)?)).await?;
        Ok(())
    }
}
