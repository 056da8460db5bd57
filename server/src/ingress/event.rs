//! Internal events: what happens in a workspace starts the workflows that listen.
//!
//! What has happened is the delivery's key, so that reading a stretch twice starts nothing twice. A condition that waits for
//! events is only woken here; whoever takes it reads the same stretch again.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use tidemill_common::clock::Clock;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{WorkflowUid, WorkspaceId};
use tokio::sync::Notify;

use super::happening::{BY_EVENT, Happening, Happenings, READERS};
use super::schedule::Error;
use crate::admission::{Admission, Arrival};
use crate::domain::execution::QUOTA_TRIGGER;
use crate::domain::workflow::plan::{EventTrigger, Plan, TriggerKind};
use crate::domain::workflow::scope::{ExecutionMeta, Scope};
use crate::executor::{VersionError, Versions};
use crate::journal::Delivery;
use crate::store::queries::condition::{self, ConditionRow, ListenerRow};
use crate::store::queries::happening::{self, Place};
use crate::store::{self, Database};

/// Starts executions for internal events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    database: Database,
    happenings: Happenings,
    versions: Versions,
    admission: Admission,
    clock: Arc<dyn Clock>,
    conditions: Arc<Notify>,
}

impl Events {
    /// Events whose executions go through `admission`; `conditions` is woken when one of them is to be looked at.
    #[must_use]
    pub fn new(
        database: Database,
        versions: Versions,
        admission: Admission,
        clock: Arc<dyn Clock>,
        conditions: Arc<Notify>,
    ) -> Self {
        Self { happenings: Happenings::new(database.clone()), database, versions, admission, clock, conditions }
    }

    /// Tells every live trigger that waits for events what has happened since its last look. Returns how many there are, and
    /// whether one of them has more to read.
    pub async fn tell(&self) -> Result<(usize, bool), store::Error> {
        let (count, listeners) = self.database.engine(|connection| Ok(condition::listeners(connection)?)).await?;
        let told = stream::iter(listeners).map(|listener| async move {
            let (workflow, trigger) = (listener.trigger.workflow_uid, listener.trigger.trigger_id.clone());
            self.tell_one(listener).await.unwrap_or_else(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, %workflow, %trigger, "an event trigger can't be told; trying again");
                false
            })
        });
        let more = told.buffer_unordered(READERS).fold(false, |more, behind| async move { more || behind }).await;
        Ok((count, more))
    }

    async fn tell_one(&self, listener: ListenerRow) -> Result<bool, Error> {
        let Some(reading) = listener.reading() else {
            // An older server has activated it: it begins to listen now, or goes on where it was when there was less to tell.
            self.database
                .engine(move |connection| {
                    let head = happening::head(connection, listener.trigger.workspace_id)?;
                    let feed = listener.feed_txid.zip(listener.feed_position).unwrap_or(head.feed);
                    Ok(condition::read_to(connection, &listener.trigger, None, Place { feed, ..head })?)
                })
                .await?;
            return Ok(false);
        };
        let row = listener.trigger;
        let workspace = WorkspaceId(row.workspace_id);
        let plan = self.versions.plan((workspace, WorkflowUid(row.workflow_uid), row.version)).await?;
        let kind = &plan.trigger(&row.trigger_id).ok_or(VersionError::Missing)?.kind;
        // A condition on an interval whose check is about to be planned.
        let Some(listen) = kind.listen() else { return Ok(false) };
        let (from, begins) = (reading.place, reading.begins()?);
        let stretch = self.happenings.read(workspace, (from, begins), &[listen.event]).await?;
        let mut told = stretch.happenings.iter().filter(|happening| happening.is(listen) && happening.may_start(&plan.id));
        if let TriggerKind::Event(event) = kind {
            for happening in told {
                self.tell_of(&plan, &row, event, happening).await?;
            }
        } else if told.next().is_some() {
            let now = self.clock.now();
            self.database.engine(move |connection| Ok(condition::wake(connection, &row, now)?)).await?;
            self.conditions.notify_one();
            return Ok(false);
        }
        if stretch.moved {
            self.database.engine(move |connection| Ok(condition::read_to(connection, &row, Some(from), stretch.to)?)).await?;
        }
        Ok(stretch.more)
    }

    async fn tell_of(
        &self,
        plan: &Arc<Plan>,
        row: &ConditionRow,
        event: &EventTrigger,
        happening: &Happening,
    ) -> Result<(), Error> {
        let input = Arc::new(json!({ "body": happening.body(event.listen.event) }));
        if !self.wanted(plan, row, event, &input) {
            return Ok(());
        }
        let trigger_id: Arc<str> = row.trigger_id.as_str().into();
        // What tells of a limit must not be stopped by it.
        let kind = if event.listen.event.is_about_quota() { QUOTA_TRIGGER } else { BY_EVENT };
        let arrival = Arrival {
            execution_id: self.admission.next_id(),
            workspace_id: WorkspaceId(row.workspace_id),
            workflow_uid: WorkflowUid(row.workflow_uid),
            version: row.version,
            trigger: TriggerOrigin { kind: kind.into(), id: Some(Arc::clone(&trigger_id)) },
            input,
            delivery: Some(Delivery { source: format!("event:{}:{trigger_id}", row.workflow_uid), key: happening.key() }),
            retry: None,
            parent: None,
            share: None,
            plan: Arc::clone(plan),
        };
        Ok(self.admission.admit_or_keep(arrival).await?)
    }

    /// The trigger's `if`. One that can't be evaluated is not true; the log says why.
    fn wanted(&self, plan: &Plan, row: &ConditionRow, event: &EventTrigger, input: &Arc<Value>) -> bool {
        let Some(condition) = &event.condition else { return true };
        let meta = ExecutionMeta {
            execution_id: self.admission.next_id(),
            workflow_id: Arc::clone(&plan.id),
            version: row.version,
            started_at: self.clock.now(),
        };
        condition.evaluate_bool(&Scope::new(Arc::clone(input), meta)).unwrap_or_else(|error| {
            tracing::warn!(%error, workflow = &*plan.id, trigger = row.trigger_id, "the `if` of an event trigger can't be evaluated");
            false
        })
    }
}
