//! Conditions: a check on an interval or when something has happened, through the same doors as a step, and what comes of it.
//!
//! Whoever moves the trigger's row on owns the check. What the checks have seen is kept beside the trigger, so that it survives
//! restarts and new versions. A firing is named by its number, and an item by its key: a crash between the firing and the memory of
//! it repeats neither.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidemill_common::clock::Clock;
use tidemill_common::event::TriggerOrigin;
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::happening::{BY_EVENT, Happenings};
use super::set_back::SetBack;
use crate::admission::{Admission, Arrival, Refusal};
use crate::domain::workflow::plan::{ConditionTrigger, Items, Listen, Plan, Seen, TriggerKind, When};
use crate::domain::workflow::scope::{ExecutionMeta, Scope, Turn};
use crate::executor::{VersionError, Versions, code_most};
use crate::journal::Delivery;
use crate::runner::{Runner, StepContext};
use crate::store::queries::condition::{self, ConditionRow, StateRow};
use crate::store::queries::version::Of;
use crate::store::{self, Database};

/// Triggers that are looked at together.
const PAGE: i64 = 100;
/// How long a node may take, besides the checks' own time, for the events that a condition is told of.
const HAPPENED: Duration = Duration::from_secs(60);
/// Checks under way at once on this node.
const AT_ONCE: usize = 32;
/// Most items of one check; what is behind them waits for the next.
const MOST_ITEMS: usize = 1000;
/// Largest result that is kept for the next check, in bytes of JSON.
const KEPT_BYTES: usize = 256 * 1024;

/// Why a check came to nothing. It is kept and shown; the next check is due all the same.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The check itself, or an expression about it.
    #[error("{0}")]
    Check(String),
    /// The version can't be executed.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The database can't be read or written.
    #[error("what the condition has seen can't be read or written")]
    Store(#[from] store::Error),
    /// It should have fired, and there was no room: the next check tries again.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Looks at conditions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Conditions {
    database: Database,
    versions: Versions,
    admission: Admission,
    runner: Runner,
    clock: Arc<dyn Clock>,
    room: Arc<Semaphore>,
    happenings: Happenings,
    set_back: SetBack,
}

/// One check: the trigger, and what is known of it.
struct Look {
    row: ConditionRow,
    plan: Arc<Plan>,
    place: usize,
    state: StateRow,
    now: DateTime<Utc>,
    told: Option<Told>,
}

/// What made a condition look.
struct Told {
    key: String,
    body: Arc<Value>,
}

impl Look {
    fn trigger(&self) -> Result<&ConditionTrigger, Failed> {
        match &self.plan.triggers[self.place].kind {
            TriggerKind::Condition(condition) => Ok(condition),
            _ => Err(VersionError::Missing.into()),
        }
    }

    fn scope(&self, execution_id: ExecutionId) -> Scope {
        let meta = ExecutionMeta {
            execution_id,
            workflow_id: Arc::clone(&self.plan.id),
            version: self.row.version,
            started_at: self.now,
        };
        let scope = Scope::new(Arc::new(json!({})), meta);
        self.told.as_ref().map_or_else(|| scope.clone(), |told| scope.with_event(Arc::clone(&told.body)))
    }

    fn previous(&self) -> Value {
        self.state.result.clone().unwrap_or_default()
    }
}

impl Conditions {
    /// Conditions whose checks go through `runner` and whose executions go through `admission`.
    #[must_use]
    pub fn new(database: Database, versions: Versions, admission: Admission, runner: Runner, clock: Arc<dyn Clock>) -> Self {
        let happenings = Happenings::new(database.clone());
        let (room, set_back) = (Arc::new(Semaphore::new(AT_ONCE)), SetBack::unknown());
        Self { database, versions, admission, runner, clock, room, happenings, set_back }
    }

    /// Begins the checks that are due, among `checks`, and returns when the next one is.
    pub async fn check_due(&self, checks: &mut JoinSet<()>) -> Result<Option<DateTime<Utc>>, store::Error> {
        let now = self.clock.now();
        if self.set_back.is_noticed(now) {
            // Else what was checked while the clock was ahead would be silent until it is there again.
            let again = self.database.engine(move |connection| Ok(condition::rearm(connection, now)?)).await?;
            if again > 0 {
                tracing::info!(conditions = again, "the clock was set back: conditions go on from now");
            }
        }
        for row in self.database.engine(move |connection| Ok(condition::due(connection, now, PAGE)?)).await? {
            // Without room the trigger stays due.
            let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else { break };
            let this = self.clone();
            checks.spawn(async move {
                let (workflow, trigger) = (row.workflow_uid, row.trigger_id.clone());
                if let Err(error) = this.look(row, now).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, %workflow, %trigger, "a condition can't be checked");
                }
                drop(place);
            });
        }
        self.set_back.seen(now);
        self.database.engine(move |connection| Ok(condition::next(connection)?)).await
    }

    /// Whether the clock was set back since the conditions were last looked at.
    #[must_use]
    pub fn was_set_back(&self) -> bool {
        self.set_back.is_noticed(self.clock.now())
    }

    /// Takes a check, carries it out, and keeps what came of it.
    async fn look(&self, row: ConditionRow, now: DateTime<Utc>) -> Result<(), Failed> {
        let key = (WorkspaceId(row.workspace_id), WorkflowUid(row.workflow_uid), row.version);
        let plan = self.versions.plan(key).await?;
        let place = plan.triggers.iter().position(|trigger| *trigger.id == row.trigger_id).ok_or(VersionError::Missing)?;
        let TriggerKind::Condition(trigger) = &plan.triggers[place].kind else { return Err(VersionError::Missing.into()) };
        let next = match &trigger.when {
            When::Every { schedule, .. } => schedule.next_after(now),
            // Whoever takes it has so long for all that it was told of; then somebody else does.
            When::Happened(_) => Some(now + HAPPENED + trigger.check.as_ref().map_or(Duration::ZERO, |check| check.timeout)),
        };
        let taken = row.clone();
        let state = self
            .database
            .engine(move |connection| {
                if condition::take(connection, &taken, next)? == 0 {
                    return Ok(None);
                }
                Ok(Some(condition::state(connection, &taken)?.unwrap_or_default()))
            })
            .await?;
        // Another node has it, or the trigger was replaced.
        let Some(state) = state else { return Ok(()) };
        let look = Look { row: ConditionRow { next_at: next, ..row }, plan: Arc::clone(&plan), place, state, now, told: None };
        match &trigger.when {
            When::Every { .. } => self.look_once(&look).await.map(drop),
            When::Happened(listen) => self.look_at_events(look, listen).await,
        }
    }

    /// Looks for each event of the next stretch. A crash in the middle repeats the stretch, whose firings are known by their events.
    async fn look_at_events(&self, mut look: Look, listen: &Listen) -> Result<(), Failed> {
        let row = look.row.clone();
        if let Some(from) = self.database.engine(move |connection| Ok(condition::reading(connection, &row)?)).await? {
            let workspace = WorkspaceId(look.row.workspace_id);
            let stretch = self.happenings.read(workspace, (from.place, from.begins()?), &[listen.event]).await?;
            for happening in
                stretch.happenings.iter().filter(|happening| happening.is(listen) && happening.may_start(&look.plan.id))
            {
                look.told = Some(Told { key: happening.key(), body: Arc::new(happening.body(listen.event)) });
                look.now = self.clock.now();
                look.state = self.look_once(&look).await?;
            }
            let row = look.row.clone();
            self.database
                .engine(move |connection| Ok(condition::read_to(connection, &row, Some(from.place), stretch.to)?))
                .await?;
        }
        // Now it waits for the next event again.
        self.database.engine(move |connection| Ok(condition::take(connection, &look.row, None)?)).await?;
        Ok(())
    }

    /// One check, and what is known afterwards.
    async fn look_once(&self, look: &Look) -> Result<StateRow, Failed> {
        let mut after = look.state.clone();
        after.checked_at = Some(look.now);
        match self.check(look, &mut after).await {
            Ok(()) => after.error = None,
            // An event must not be lost for want of room: it is looked at again.
            Err(error @ (Failed::Refused(_) | Failed::Store(_))) if look.told.is_some() => return Err(error),
            Err(error) => {
                let (workflow, trigger) = (look.row.workflow_uid, &look.row.trigger_id);
                tracing::debug!(error = &error as &dyn std::error::Error, %workflow, %trigger, "a check failed");
                after.error = Some(error.to_string().replace('\0', ""));
            }
        }
        let (row, kept) = (look.row.clone(), after.clone());
        self.database.engine(move |connection| Ok(condition::keep(connection, &row, &kept)?)).await?;
        Ok(after)
    }

    /// Runs the check, decides, fires.
    async fn check(&self, look: &Look, after: &mut StateRow) -> Result<(), Failed> {
        let trigger = look.trigger()?;
        let result = self.result(look, trigger).await?;
        let scope = look.scope(self.admission.next_id()).with_check(look.previous(), Some(result.clone()));
        if let Some(items) = &trigger.items {
            self.fire_items(look, items, &scope, after).await?;
        } else {
            let holds = wanted(trigger, &scope)?;
            let since_fired = after.fired_at.map(|fired| (look.now - fired).to_std().unwrap_or_default());
            if trigger.fires(holds, Seen { holds: after.holds, since_fired }) {
                let number = after.fired + 1;
                let mut body = json!({"result": result, "previous": look.previous()});
                if let Some(told) = &look.told {
                    body["event"] = Value::clone(&told.body);
                }
                let key = look.told.as_ref().map_or_else(|| number.to_string(), |told| told.key.clone());
                self.start(look, body, key).await?;
                (after.fired, after.fired_at) = (number, Some(look.now));
            }
            after.holds = holds;
        }
        let small = serde_json::to_string(&result).is_ok_and(|text| text.len() <= KEPT_BYTES && !text.contains("\\u0000"));
        after.result = small.then_some(result);
        after.succeeded_at = Some(look.now);
        Ok(())
    }

    /// What the check gives, without the secrets that it read. Where there is none it is what has happened.
    async fn result(&self, look: &Look, trigger: &ConditionTrigger) -> Result<Value, Failed> {
        let Some(check) = &trigger.check else {
            return Ok(look.told.as_ref().map(|told| Value::clone(&told.body)).unwrap_or_default());
        };
        let secrets = check.secrets.iter().map(ToString::to_string).collect();
        let credentials = check.credential.iter().map(ToString::to_string).collect();
        let workspace = WorkspaceId(look.row.workspace_id);
        let of = Of::Version(WorkflowUid(look.row.workflow_uid), look.row.version);
        let known = self.versions.confidential(workspace, (secrets, credentials), of).await?;
        let execution_id = self.admission.next_id();
        let scope = look.scope(execution_id).with_check(look.previous(), None).with_secrets(known.secrets());
        let template = check.work.attempt().ok_or(VersionError::Refused)?;
        let with = template.render(&scope).map_err(|error| Failed::Check(known.mask_text(&format!("`with`: {error}"))))?;
        let context = StepContext {
            execution_id,
            step: Arc::clone(&look.plan.triggers[look.place].id),
            iteration: 0,
            attempt: 1,
            timeout: check.timeout,
            credential: check.credential.as_ref().and_then(|name| known.credential(name)),
            printed: None,
            trace: None,
            code_most: code_most(&self.database, workspace, &check.work, check.timeout).await?,
        };
        let done = self.runner.run(&check.work, with, context).await;
        let result = done.result.map_err(|error| Failed::Check(known.mask_text(&error.message)))?;
        Ok(known.mask(&result))
    }

    /// Every item that was not seen before fires once.
    async fn fire_items(&self, look: &Look, items: &Items, scope: &Scope, after: &mut StateRow) -> Result<(), Failed> {
        let list = items.list.evaluate(scope).map_err(|error| Failed::Check(format!("`items`: {error}")))?;
        let Value::Array(list) = list else { return Err(Failed::Check("`items` gave no list".to_owned())) };
        let first = after.succeeded_at.is_none();
        let mut keyed = Vec::new();
        for (index, item) in list.into_iter().take(MOST_ITEMS).enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let scope = scope.with_turn(Turn { index, item: Some(Arc::new(item.clone())), last: None });
            keyed.push((key(items, &scope)?, item, scope));
        }
        let keys: Vec<Vec<u8>> = keyed.iter().map(|(key, ..)| key.clone()).collect();
        let (row, now) = (look.row.clone(), look.now);
        let unseen = self.database.engine(move |connection| Ok(condition::unseen(connection, &row, &keys, now)?)).await?;
        let mut unseen: HashSet<Vec<u8>> = unseen.into_iter().collect();
        // The same key twice in one list is one item.
        keyed.retain(|(key, ..)| unseen.remove(key));
        for (key, item, scope) in keyed {
            if (!first || items.existing) && wanted(look.trigger()?, &scope)? {
                self.start(look, item, hex::encode(&key)).await?;
                (after.fired, after.fired_at) = (after.fired + 1, Some(look.now));
            }
            let (row, now) = (look.row.clone(), look.now);
            self.database.engine(move |connection| Ok(condition::see(connection, &row, &key, now)?)).await?;
        }
        Ok(())
    }

    /// Starts the execution that a firing is.
    async fn start(&self, look: &Look, body: Value, key: String) -> Result<(), Failed> {
        let workflow_uid = WorkflowUid(look.row.workflow_uid);
        let trigger_id = &look.plan.triggers[look.place].id;
        let arrival = Arrival {
            execution_id: self.admission.next_id(),
            workspace_id: WorkspaceId(look.row.workspace_id),
            workflow_uid,
            version: look.row.version,
            plan: Arc::clone(&look.plan),
            trigger: TriggerOrigin {
                kind: if look.told.is_some() { BY_EVENT } else { "condition" }.into(),
                id: Some(Arc::clone(trigger_id)),
            },
            input: Arc::new(json!({ "body": body })),
            delivery: Some(Delivery { source: format!("condition:{workflow_uid}:{trigger_id}"), key }),
            retry: None,
            parent: None,
            share: None,
        };
        self.admission.admit_or_keep(arrival).await?;
        Ok(())
    }
}

/// Whether the trigger's `if` is true, or there is none.
fn wanted(trigger: &ConditionTrigger, scope: &Scope) -> Result<bool, Failed> {
    let condition = trigger.condition.as_ref();
    let wanted = condition.map_or(Ok(true), |condition| condition.evaluate_bool(scope));
    wanted.map_err(|error| Failed::Check(format!("`if`: {error}")))
}

/// The hash of an item's key: of any length, and one length in the database.
fn key(items: &Items, scope: &Scope) -> Result<Vec<u8>, Failed> {
    let key = items.key.evaluate(scope).map_err(|error| Failed::Check(format!("`key`: {error}")))?;
    if key.is_null() {
        return Err(Failed::Check("`key` gave nothing for an item: items without a key can't be told apart".to_owned()));
    }
    Ok(Sha256::digest(key.to_string()).to_vec())
}
