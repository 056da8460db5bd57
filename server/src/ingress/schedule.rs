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

use super::set_back::SetBack;
use crate::admission::{Admission, Arrival, Refusal};
use crate::domain::workflow::plan::{Plan, ScheduleTrigger, Trigger, TriggerKind};
use crate::executor::{VersionError, Versions};
use crate::journal::Delivery;
use crate::store::queries::schedule::{self, Onward, ScheduleRow};
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
    set_back: SetBack,
}

impl Schedules {
    /// Schedules whose executions go through `admission`.
    #[must_use]
    pub fn new(database: Database, versions: Versions, admission: Admission, clock: Arc<dyn Clock>) -> Self {
        Self { database, versions, admission, clock, set_back: SetBack::unknown() }
    }

    /// Fires everything that is due and returns when the next trigger is. A trigger that can't be fired holds up no other.
    pub async fn fire_due(&self) -> Result<Option<DateTime<Utc>>, store::Error> {
        let now = self.clock.now();
        if self.set_back.is_noticed(now) {
            self.rearm(now).await?;
        }
        let due = self.database.engine(move |connection| Ok(schedule::due(connection, now, PAGE)?)).await?;
        for row in due {
            let (workflow, trigger) = (row.workflow_uid, row.trigger_id.clone());
            if let Err(error) = self.fire(row, now).await {
                tracing::warn!(error = &error as &dyn std::error::Error, %workflow, %trigger, "a schedule can't be fired; trying again");
            }
        }
        self.set_back.seen(now);
        self.database.engine(|connection| Ok(schedule::next(connection)?)).await
    }

    /// Whether the clock was set back since it was last looked at.
    #[must_use]
    pub fn was_set_back(&self) -> bool {
        self.set_back.is_noticed(self.clock.now())
    }

    /// Triggers that fired while the clock was ahead go on from now: else they would be silent until the clock is there again. What
    /// has fired does not fire again, for its delivery is known.
    async fn rearm(&self, now: DateTime<Utc>) -> Result<(), store::Error> {
        for row in self.database.engine(move |connection| Ok(schedule::ahead(connection, now)?)).await? {
            let (workflow, id) = (row.workflow_uid, row.trigger_id.clone());
            let found = self.trigger(&row).await.and_then(|(plan, place)| {
                let trigger = scheduled(&plan.triggers[place])?;
                Ok(onward(&row, trigger, trigger.schedule.next_after(now)))
            });
            match found {
                Ok(next) => {
                    tracing::info!(%workflow, trigger = %id, next = ?next.instant, "the clock was set back: a schedule goes on from now");
                    self.database.engine(move |connection| Ok(schedule::advance(connection, &row, next)?)).await?;
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, %workflow, trigger = %id, "a schedule can't be set back");
                }
            }
        }
        Ok(())
    }

    async fn trigger(&self, row: &ScheduleRow) -> Result<(Arc<Plan>, usize), VersionError> {
        let key = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid), row.version);
        let plan = self.versions.plan(key).await?;
        let place = plan.triggers.iter().position(|trigger| *trigger.id == row.trigger_id).ok_or(VersionError::Missing)?;
        Ok((plan, place))
    }

    /// Fires the instants that are due, in their order, and moves the trigger on.
    async fn fire(&self, row: ScheduleRow, now: DateTime<Utc>) -> Result<(), Error> {
        let (plan, place) = self.trigger(&row).await?;
        let trigger = scheduled(&plan.triggers[place])?;
        let Some(first) = row.instant.or(row.next_at) else { return Ok(()) };
        let (who, schedule) = (who(&row), &trigger.schedule);
        let (due, waiting): (Vec<_>, Vec<_>) =
            trigger.missed.due(schedule, first, now).into_iter().partition(|instant| schedule.begins_at(&who, *instant) <= now);
        for instant in &due {
            self.start(&row, &plan, place, *instant).await?;
        }
        let next = waiting.first().copied().or_else(|| schedule.next_after(now.max(first)));
        let onward = Onward { last_at: due.last().copied(), ..onward(&row, trigger, next) };
        self.database.engine(move |connection| Ok(schedule::advance(connection, &row, onward)?)).await?;
        Ok(())
    }

    async fn start(&self, row: &ScheduleRow, plan: &Arc<Plan>, place: usize, instant: DateTime<Utc>) -> Result<(), Error> {
        let (trigger, schedule) = (&plan.triggers[place], scheduled(&plan.triggers[place])?);
        let workflow_uid = WorkflowUid(row.workflow_uid);
        let instant = instant.to_rfc3339_opts(SecondsFormat::Secs, true);
        let written = &schedule.written;
        let body = schedule.input.clone().unwrap_or_else(|| json!({}));
        let input = json!({
            "body": plan.with_defaults(&body).unwrap_or(body),
            "scheduled_at": instant,
            "cron": written.cron,
            "timezone": written.timezone,
        });
        let arrival = Arrival {
            execution_id: self.admission.next_id(),
            workspace_id: WorkspaceId(row.workspace_id),
            workflow_uid,
            version: row.version,
            trigger: TriggerOrigin { kind: "schedule".into(), id: Some(Arc::clone(&trigger.id)) },
            input: Arc::new(input),
            delivery: Some(Delivery { source: format!("schedule:{workflow_uid}:{}", row.trigger_id), key: instant }),
            retry: None,
            parent: None,
            share: None,
            plan: Arc::clone(plan),
        };
        self.admission.admit_or_keep(arrival).await?;
        Ok(())
    }
}

fn scheduled(trigger: &Trigger) -> Result<&ScheduleTrigger, VersionError> {
    match &trigger.kind {
        TriggerKind::Schedule(schedule) => Ok(schedule),
        _ => Err(VersionError::Missing),
    }
}

/// Whose firings these are, to spread them by.
fn who(row: &ScheduleRow) -> String {
    format!("{}/{}", row.workflow_uid, row.trigger_id)
}

fn onward(row: &ScheduleRow, trigger: &ScheduleTrigger, instant: Option<DateTime<Utc>>) -> Onward {
    let next_at = instant.map(|instant| trigger.schedule.begins_at(&who(row), instant));
    Onward { next_at, instant, last_at: None }
}
