//! Internal events: an execution that ends starts the workflows that listen.
//!
//! Each trigger reads its workspace's feed from its own place on, which is durable. The execution that ended is the delivery's key,
//! so that reading a stretch twice starts nothing twice.

use std::sync::Arc;

use serde_json::{Value, json};
use tidemill_common::clock::Clock;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};

use super::schedule::Error;
use crate::admission::{Admission, Arrival};
use crate::domain::workflow::plan::{EventTrigger, Plan, TriggerKind};
use crate::domain::workflow::scope::{ExecutionMeta, Scope};
use crate::executor::{VersionError, Versions};
use crate::journal::Delivery;
use crate::store::queries::condition::{self, ConditionRow, ListenerRow};
use crate::store::queries::{execution, feed};
use crate::store::rows::execution::Execution;
use crate::store::{self, Database};

/// Feed rows that are read at once.
const PAGE: i64 = 200;
/// What started an execution that starts no further one: events of events could go round for ever.
const KIND: &str = "event";

/// Starts executions for internal events. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    pub(super) database: Database,
    pub(super) versions: Versions,
    admission: Admission,
    pub(super) clock: Arc<dyn Clock>,
}

impl Events {
    /// Events whose executions go through `admission`.
    #[must_use]
    pub fn new(database: Database, versions: Versions, admission: Admission, clock: Arc<dyn Clock>) -> Self {
        Self { database, versions, admission, clock }
    }

    /// Tells every live event trigger what has happened since its last look. Returns how many there are, and whether one of them has
    /// more to read.
    pub async fn tell(&self) -> Result<(usize, bool), store::Error> {
        let listeners = self.database.engine(|connection| Ok(condition::listeners(connection)?)).await?;
        let (count, mut more) = (listeners.len(), false);
        for listener in listeners {
            let (workflow, trigger) = (listener.trigger.workflow_uid, listener.trigger.trigger_id.clone());
            match self.tell_one(listener).await {
                Ok(behind) => more |= behind,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, %workflow, %trigger, "an event trigger can't be told; trying again");
                }
            }
        }
        Ok((count, more))
    }

    async fn tell_one(&self, listener: ListenerRow) -> Result<bool, Error> {
        let row = listener.trigger;
        let workspace = row.workspace_id;
        let Some(place) = listener.feed_txid.zip(listener.feed_position) else {
            // It begins to listen now.
            self.database
                .engine(move |connection| {
                    let head = feed::head(connection)?;
                    Ok(condition::read_to(connection, &row, head)?)
                })
                .await?;
            return Ok(false);
        };
        let rows = self.database.engine(move |connection| Ok(feed::read(connection, Some(workspace), place, PAGE)?)).await?;
        let Some(last) = rows.last().map(|row| (row.txid, row.position)) else { return Ok(false) };
        let touched: Vec<_> =
            rows.iter().flat_map(|row| row.execution_ids.iter().copied().zip(row.last_seqs.iter().copied())).collect();
        for ended in self.ended(WorkspaceId(workspace), touched).await? {
            self.tell_of(&row, &ended).await?;
        }
        self.database.engine(move |connection| Ok(condition::read_to(connection, &row, last)?)).await?;
        Ok(i64::try_from(rows.len()).is_ok_and(|read| read == PAGE))
    }

    /// The executions that ended with one of these events.
    async fn ended(&self, workspace_id: WorkspaceId, touched: Vec<(uuid::Uuid, i32)>) -> Result<Vec<Execution>, store::Error> {
        let ids: Vec<_> = touched.iter().map(|(id, _)| *id).collect();
        let found = self
            .database
            .with_tenant(workspace_id, move |connection| execution::execution_find(connection, workspace_id, &ids))
            .await?;
        let ended_here = |row: &Execution| row.finished_at.is_some() && touched.contains(&(row.id, row.last_seq));
        Ok(found.into_iter().filter(ended_here).collect())
    }

    async fn tell_of(&self, row: &ConditionRow, ended: &Execution) -> Result<(), Error> {
        let key = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid), row.version);
        let plan = self.versions.plan(key).await?;
        let place = plan.triggers.iter().position(|trigger| *trigger.id == row.trigger_id).ok_or(VersionError::Missing)?;
        let TriggerKind::Event(event) = &plan.triggers[place].kind else { return Err(VersionError::Missing.into()) };
        if !concerns(event, row, ended) {
            return Ok(());
        }
        let input = Arc::new(json!({ "body": body(event, ended) }));
        if !self.wanted(&plan, (row.version, &row.trigger_id), event, &input) {
            return Ok(());
        }
        let trigger_id = &plan.triggers[place].id;
        let arrival = Arrival {
            execution_id: self.admission.next_id(),
            workspace_id: WorkspaceId(row.workspace_id),
            workflow_uid: WorkflowUid(row.workflow_uid),
            version: row.version,
            trigger: TriggerOrigin { kind: KIND.into(), id: Some(Arc::clone(trigger_id)) },
            input,
            delivery: Some(Delivery { source: format!("event:{}:{trigger_id}", row.workflow_uid), key: ended.id.to_string() }),
            retry: None,
            parent: None,
            share: None,
            plan: Arc::clone(&plan),
        };
        self.start(arrival).await
    }

    /// An id for an execution that is about to be started.
    pub(super) fn next_id(&self) -> ExecutionId {
        self.admission.next_id()
    }

    /// Starts an execution that somebody listens with.
    pub(super) async fn start(&self, arrival: Arrival) -> Result<(), Error> {
        Ok(self.admission.admit_or_keep(arrival).await?)
    }

    /// The trigger's `if`. One that can't be evaluated is not true; the log says why.
    pub(super) fn wanted(
        &self,
        plan: &Plan,
        (version, trigger): (i32, &str),
        event: &EventTrigger,
        input: &Arc<Value>,
    ) -> bool {
        let Some(condition) = &event.condition else { return true };
        let meta = ExecutionMeta {
            execution_id: self.admission.next_id(),
            workflow_id: Arc::clone(&plan.id),
            version,
            started_at: self.clock.now(),
        };
        condition.evaluate_bool(&Scope::new(Arc::clone(input), meta)).unwrap_or_else(|error| {
            tracing::warn!(%error, workflow = &*plan.id, trigger, "the `if` of an event trigger can't be evaluated");
            false
        })
    }
}

/// Whether the trigger is told of this end. A workflow never hears of its own, nor of what an event has started.
fn concerns(event: &EventTrigger, row: &ConditionRow, ended: &Execution) -> bool {
    let named = event.workflow.as_deref().is_none_or(|workflow| workflow == ended.workflow_id);
    let own = ended.workflow_uid == row.workflow_uid;
    named && !own && ended.trigger_type != KIND && ended.status().is_ok_and(|status| event.event.fits(status))
}

fn body(event: &EventTrigger, ended: &Execution) -> Value {
    json!({
        "event": event.event.as_str(),
        "workflow": {"id": ended.workflow_id, "version": ended.version},
        "execution": {
            "id": ended.id,
            "status": ended.status,
            "error": ended.error,
            "trigger_type": ended.trigger_type,
            "finished_at": ended.finished_at,
        },
    })
}
