//! Whether an arrival starts an execution: duplicates, limits, room.
//!
//! [`Admission::admit`] is the one way in, whatever arrived. When it answers, the delivery is committed.

mod pressure;
mod refused;
mod slot;

use std::sync::Arc;
use std::time::Instant;

use tidemill_common::api::quota::Quota;
use tidemill_common::clock::Clock;
use tidemill_common::event::{Event, EventBody, Json, Origin, Parent, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::ExecutionStatus;

use crate::budget::Share;
use crate::domain::execution::{Open, QUOTA_TRIGGER, keep};
use crate::domain::payload::{Packed, is_apart};
use crate::domain::trace::TraceContext;
use crate::domain::workflow::plan::Plan;
use crate::executor::{Begun, Executor, First};
use crate::journal::{self, Admitted, Delivery, Journal, Lease, Next};
use crate::store::Database;
use crate::telemetry::Metrics;
use pressure::Pressure;
use refused::RefusedArrivals;

/// Something arrived that may start an execution.
#[derive(Debug)]
pub struct Arrival {
    /// The id that the execution gets, chosen by the caller so that it can listen before anything happens.
    pub execution_id: ExecutionId,
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The workflow.
    pub workflow_uid: WorkflowUid,
    /// The version to execute.
    pub version: i32,
    /// The same, compiled.
    pub plan: Arc<Plan>,
    /// What started it.
    pub trigger: TriggerOrigin,
    /// What expressions see as `trigger`.
    pub input: Json,
    /// What must not start a second execution.
    pub delivery: Option<Delivery>,
    /// What it tries again.
    pub retry: Option<Retry>,
    /// The step that calls it.
    pub parent: Option<Parent>,
    /// The memory for the input, when it is large.
    pub share: Option<Share>,
}

/// What a retry takes from the execution that it tries again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// That execution.
    pub of: ExecutionId,
    /// The results that are kept, in their order.
    pub carried: Vec<EventBody>,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It started an execution, which is committed.
    Admitted,
    /// An earlier arrival with the same delivery started this one.
    Duplicate(ExecutionId),
}

/// Why an arrival started nothing. Nothing was committed, or it is unknown whether it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The node is stopping.
    #[error("the server is stopping")]
    Draining,
    /// More waits than the node takes.
    #[error("the server has no room at the moment")]
    Overloaded,
    /// The database can't be reached, or its answer was lost.
    #[error("the database can't be reached")]
    Unavailable,
    /// The database refused the arrival, and would again.
    #[error("the database refused the delivery")]
    Rejected,
    /// The organization's plan allows no more executions in this period.
    #[error("{0}")]
    QuotaExceeded(Quota),
}

/// The way in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    journal: Journal,
    executor: Executor,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    refused: RefusedArrivals,
    pressure: Arc<Pressure>,
}

impl Admission {
    /// An admission that commits with `journal`, starts executions on `executor`, and keeps in `database` what a plan refused.
    #[must_use]
    pub fn new(journal: Journal, executor: Executor, database: Database, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let pressure = Arc::new(Pressure::new(Instant::now()));
        Self { journal, executor, clock, metrics, refused: RefusedArrivals::new(database), pressure }
    }

    /// Whether there is room for one more arrival that may come back later. Others are admitted in any case.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.pressure.has_room()
    }

    /// An id for an execution that is about to be admitted.
    #[must_use]
    pub fn next_id(&self) -> ExecutionId {
        ExecutionId::new(self.clock.now())
    }

    /// Commits the arrival and, when this node has room, starts the execution; else any node will.
    pub async fn admit(&self, arrival: Arrival) -> Result<Outcome, Refusal> {
        if self.executor.is_draining() {
            return Err(Refusal::Draining);
        }
        let Arrival { execution_id, workspace_id, workflow_uid, version, plan, trigger, input, .. } = arrival;
        let (delivery, retry, parent, share) = (arrival.delivery, arrival.retry, arrival.parent, arrival.share);
        let (retry_of, carried) = retry.map_or_else(Default::default, |retry| (Some(retry.of), retry.carried));
        let (workflow_id, priority) = (Arc::clone(&plan.id), plan.priority);
        let slot = slot::slot(&plan, execution_id, version, &input);
        let rate = slot::rate(&plan, execution_id, version, &input);
        let whole = Arc::clone(&input);
        let Kept { input, open, packed } = self.kept(execution_id, input).await?;
        // Whether it may begin is known when it is committed.
        let permit = if slot.is_none() && rate.is_none() { self.executor.room() } else { None };
        let metered = *trigger.kind != *QUOTA_TRIGGER;
        let parent_id = parent.as_ref().map(|parent| parent.execution_id);
        let traceparent = self.executor.traces().and_then(|_| traceparent(&trigger, &whole));
        let (named, by) = (Arc::clone(&workflow_id), trigger.clone());
        let origin = Origin { workflow_id: named, version, trigger: by, input, retry_of, parent, traceparent };
        let body = match permit {
            Some(_) => EventBody::ExecutionStarted { origin: Some(origin) },
            None => EventBody::ExecutionQueued(origin),
        };
        let at = self.clock.now();
        let bodies = std::iter::once(body).chain(carried);
        let mut events: Vec<_> = (1..).zip(bodies).map(|(seq, body)| Event { execution_id, seq, at, body }).collect();
        let begins = permit.is_some() && retry_of.is_none();
        let copied = if retry_of.is_some() { references(&events) } else { Vec::new() };
        let mut payloads: Vec<_> = packed.into_iter().map(Arc::new).collect();
        let first = First { event: events[0].clone(), open, limits: self.executor.payload_limits() };
        let mut begun = if begins { self.begin(execution_id, &plan, first).await } else { None };
        let (status, next) = match (&mut begun, &permit) {
            (Some(begun), _) => {
                events.extend(begun.take_events());
                payloads.extend(begun.take_payloads());
                begun.hold(share);
                (begun.status(), begun.next(at))
            }
            (None, Some(_)) => (ExecutionStatus::Running, Next::Keep),
            (None, None) => (ExecutionStatus::Queued, Next::Release(at)),
        };
        let admitted = if begun.is_none() && permit.is_some() { events.clone() } else { Vec::new() };
        let admission = journal::Admission {
            workspace_id,
            workflow_uid,
            workflow_id,
            version,
            trigger,
            status,
            next,
            events,
            retry_of,
            parent_id,
            slot,
            rate,
            priority,
            delivery,
            metered,
            payloads,
            copied,
        };
        let place = self.pressure.enter(Instant::now());
        let said = self.journal.admit(admission).await.map_err(Refusal::from);
        drop(place);
        match said? {
            Admitted::Duplicate(id) => Ok(Outcome::Duplicate(id)),
            Admitted::Refused(refused) => {
                let quota = refused.quota;
                self.refused.keep((workspace_id, workflow_uid), *refused, whole).await.map_err(|error| {
                    tracing::warn!(error = &error as &dyn std::error::Error, %workspace_id, "a refused delivery can't be kept");
                    Refusal::Unavailable
                })?;
                Err(Refusal::QuotaExceeded(quota))
            }
            Admitted::New => {
                self.metrics.execution_started();
                let lease = Lease { execution_id, workspace_id, epoch: 1 };
                match (permit, begun) {
                    (Some(permit), Some(begun)) => self.executor.go_on(lease, begun, next, permit).await,
                    (Some(permit), None) => self.executor.launch(lease, plan, &admitted, permit),
                    (None, _) => self.executor.wake_claims(),
                }
                Ok(Outcome::Admitted)
            }
        }
    }

    /// The same for what the server fires itself: what a plan refuses is kept, and is not tried again by itself.
    pub async fn admit_or_keep(&self, arrival: Arrival) -> Result<(), Refusal> {
        let (workflow, trigger) = (arrival.workflow_uid, arrival.trigger.clone());
        match self.admit(arrival).await {
            Ok(_) => Ok(()),
            Err(Refusal::QuotaExceeded(quota)) => {
                tracing::info!(%workflow, trigger = trigger.id.as_deref(), "refused and kept: {quota}");
                Ok(())
            }
            Err(other) => Err(other),
        }
    }
}

impl Admission {
    /// A large input is kept apart, and so is what is large of its files.
    async fn kept(&self, id: ExecutionId, input: Json) -> Result<Kept, Refusal> {
        if !is_apart(&input) {
            return Ok(Kept { input, open: Open::default(), packed: Vec::new() });
        }
        let mut open = Open::default();
        let packing = move || keep(input, id, &mut open).map(|(input, packed)| Kept { input, open, packed });
        self.executor.budget().handle(packing).await.map_err(|error| {
            tracing::error!(%error, "an input can't be packed");
            Refusal::Rejected
        })
    }

    /// The first decision. What is large is evaluated on the thread for it.
    async fn begin(&self, id: ExecutionId, plan: &Arc<Plan>, first: First) -> Option<Begun> {
        if first.open.weight() == 0 {
            return Begun::begin(id, plan, first);
        }
        let plan = Arc::clone(plan);
        self.executor.budget().handle(move || Begun::begin(id, &plan, first)).await
    }
}

/// The place in a trace that the sender of a webhook named.
fn traceparent(trigger: &TriggerOrigin, input: &Json) -> Option<Arc<str>> {
    let named = input.get("headers")?.get("traceparent")?.as_str().filter(|_| *trigger.kind == *"webhook")?;
    TraceContext::parse(named).map(|_| Arc::from(named))
}

/// An input as its event holds it.
struct Kept {
    input: Json,
    open: Open,
    packed: Vec<Packed>,
}

/// The hashes of the payloads to which the results refer that a retry keeps.
fn references(events: &[Event]) -> Vec<Vec<u8>> {
    let output = |event: &Event| match &event.body {
        EventBody::StepCompleted { output, .. } => PayloadRef::of(output),
        _ => None,
    };
    events.iter().filter_map(output).filter_map(|reference| hex::decode(reference.sha256).ok()).collect()
}

impl From<journal::Error> for Refusal {
    fn from(error: journal::Error) -> Self {
        match error {
            journal::Error::Overloaded => Self::Overloaded,
            journal::Error::Unavailable => Self::Unavailable,
            journal::Error::LeaseLost | journal::Error::Rejected => Self::Rejected,
        }
    }
}
