//! The executor of this node: its room, what runs here, and how it stops.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use tidemill_common::clock::Clock;
use tidemill_common::event::Event;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, watch};

use super::begun::Begun;
use super::calls::Calls;
use super::code_meter::CodeMeter;
use super::desk::Desk;
use super::execution_task::{ExecutionTask, SOON, Start};
use super::failures::Failures;
use super::forced_end::{EndError, MOST_TAKEOVERS, lost, unreadable};
use super::versions::{VersionError, Versions};
use crate::budget::Budget;
use crate::domain::execution::{Execution, State};
use crate::domain::payload::PayloadLimits;
use crate::domain::trace::Sampling;
use crate::domain::workflow::plan::{Plan, Work};
use crate::journal::{self, Journal, Lease, Next};
use crate::live::{Live, Room};
use crate::queue::{Claim, Load, Queue, Request};
use crate::runner::Runner;
use crate::secrets::Resume;
use crate::store::queries::feed;
use crate::store::{self, Database};
use crate::telemetry::Metrics;

/// How many events of an execution are read at once when it is taken up.
const PAGE_EVENTS: i64 = 1000;

/// How soon an execution that can't be read is tried again, perhaps by another node.
const UNREADABLE_PAUSE: Duration = Duration::from_secs(5);

/// What an executor works with.
#[derive(Debug)]
pub struct Parts {
    /// Reads the events of executions that are taken up.
    pub database: Database,
    /// Writes events.
    pub journal: Journal,
    /// Gives leases back.
    pub queue: Queue,
    /// Compiles versions.
    pub versions: Versions,
    /// Does the work of steps.
    pub runner: Runner,
    /// The memory for large payloads.
    pub budget: Budget,
    /// How large inputs and outputs may be.
    pub payload_limits: Live<PayloadLimits>,
    /// Tells other workflows of failures.
    pub failures: Desk<dyn Failures>,
    /// Starts executions that others call.
    pub calls: Desk<dyn Calls>,
    /// Knows the resume addresses of steps that wait for an event.
    pub resume: Resume,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Counts how long code steps ran.
    pub code_meter: CodeMeter,
    /// Which traces are sent to a collector, if any are.
    pub traces: Option<Sampling>,
}

/// The executor. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(super) parts: Arc<Parts>,
    room: Room,
    running: Arc<Mutex<HashMap<ExecutionId, mpsc::Sender<Request>>>>,
    /// Woken when an execution that nobody holds may be due, or room was made for one.
    claimable: Arc<Notify>,
    /// Whether claims stopped for want of room, so that whoever makes room says so.
    room_wanted: Arc<AtomicBool>,
    /// Woken when an execution has left this node.
    departed: Arc<Notify>,
    draining: watch::Sender<bool>,
}

/// Why an execution could not be taken up.
#[derive(Debug, thiserror::Error)]
enum TakeUpError {
    #[error("its version can't be executed")]
    Version(#[from] VersionError),
    #[error("its events can't be read")]
    Store(#[from] store::Error),
    #[error("event {seq} can't be decoded")]
    Decode { seq: i32, source: serde_json::Error },
    #[error("its events don't fit together")]
    Fold(#[from] crate::domain::execution::FoldError),
}

impl TakeUpError {
    /// Whether trying again here would fail again.
    fn is_unreadable(&self) -> bool {
        matches!(self, Self::Version(VersionError::Missing) | Self::Decode { .. } | Self::Fold(_))
    }
}

impl Executor {
    /// An executor with `room` for executions.
    #[must_use]
    pub fn new(parts: Parts, room: Room) -> Self {
        Self {
            parts: Arc::new(parts),
            room,
            running: Arc::default(),
            claimable: Arc::default(),
            room_wanted: Arc::default(),
            departed: Arc::default(),
            draining: watch::Sender::new(false),
        }
    }

    /// A place for one more execution, if there is one and the node is not stopping.
    #[must_use]
    pub fn room(&self) -> Option<OwnedSemaphorePermit> {
        if self.is_draining() {
            return None;
        }
        self.room.enter()
    }

    /// Which traces are sent to a collector, if any are.
    #[must_use]
    pub fn traces(&self) -> Option<Sampling> {
        self.parts.traces
    }

    /// The memory for large payloads.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.parts.budget
    }

    /// How large inputs and outputs may be.
    #[must_use]
    pub fn payload_limits(&self) -> PayloadLimits {
        *self.parts.payload_limits.get()
    }

    /// How many more executions there is room for.
    #[must_use]
    pub fn free(&self) -> usize {
        if self.is_draining() { 0 } else { self.room.free() }
    }

    /// How many more executions can be claimed. When there is no room, claims are woken as soon as there is some.
    #[must_use]
    pub fn room_to_claim(&self) -> usize {
        if self.free() == 0 {
            self.room_wanted.store(true, Ordering::SeqCst);
        }
        // Looked at again, for room that was made before anybody knew that it was wanted.
        self.free()
    }

    /// What this node says about itself.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { draining: self.is_draining(), running: self.lock_running().len(), free: self.free() }
    }

    /// Whether the node is stopping.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Goes on with an execution whose first decision was committed just now with its admission.
    pub async fn go_on(&self, lease: Lease, begun: Begun, next: Next, permit: OwnedSemaphorePermit) {
        let Begun { execution, actions, share } = begun;
        match next {
            Next::Keep => self.spawn(lease, execution, Start::Begun { actions, share }, permit),
            Next::End => self.parts.ended(lease.workspace_id, execution.state()).await,
            Next::Release(until) if until - self.parts.clock.now() <= SOON => self.wake_claims(),
            Next::Release(_) => {}
        }
    }

    /// Starts an execution that was admitted just now, with the lease for this node.
    pub fn launch(&self, lease: Lease, plan: Arc<Plan>, admitted: &[Event], permit: OwnedSemaphorePermit) {
        let start = Start::TakenUp { requests: Vec::new(), blocked: false };
        match State::fold(lease.execution_id, plan, admitted) {
            Ok(state) => self.spawn(lease, self.execution(state), start, permit),
            Err(error) => tracing::error!(%error, execution_id = %lease.execution_id, "an admitted execution can't start"),
        }
    }

    /// Takes up an execution that was claimed: reads its events and goes on where they end.
    pub async fn take_up(&self, claim: Claim, permit: OwnedSemaphorePermit) {
        if claim.takeovers >= MOST_TAKEOVERS {
            return self.set_aside(claim).await;
        }
        match self.fold(&claim).await {
            Ok(state) => {
                let start = Start::TakenUp { requests: claim.requests, blocked: claim.blocked };
                self.spawn(claim.lease, self.execution(state), start, permit);
            }
            Err(error) => self.cannot_take_up(claim, &error).await,
        }
    }

    /// Its version or its events can't be had. What can't be read may be readable to a newer node: the third failure ends it.
    async fn cannot_take_up(&self, claim: Claim, error: &TakeUpError) {
        let execution_id = claim.lease.execution_id;
        tracing::error!(error = error as &dyn std::error::Error, %execution_id, "an execution can't be taken up");
        if !error.is_unreadable() {
            return self.parts.give_back_later(claim.lease, Duration::from_secs(60)).await;
        }
        if claim.takeovers + 1 < MOST_TAKEOVERS {
            return self.parts.give_back_failed(claim.lease, UNREADABLE_PAUSE).await;
        }
        let outcome = self.parts.set_aside(claim.lease, unreadable(error)).await;
        self.after_set_aside(&claim, outcome).await;
    }

    /// An execution that takes node after node with it is not given another one.
    async fn set_aside(&self, claim: Claim) {
        self.report_loss(&claim).await;
        let outcome = self.parts.set_aside(claim.lease, lost(claim.takeovers)).await;
        self.after_set_aside(&claim, outcome).await;
    }

    async fn after_set_aside(&self, claim: &Claim, outcome: Result<(), EndError>) {
        let execution_id = claim.lease.execution_id;
        match outcome {
            Ok(()) => tracing::warn!(%execution_id, takeovers = claim.takeovers, "an execution is set aside as a dead letter"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, %execution_id, "an execution can't be set aside; trying again");
                self.parts.give_back_later(claim.lease, Duration::from_secs(5)).await;
            }
        }
    }

    /// Tells the workflow's `on_failure`, as far as its version and its events can still be read.
    async fn report_loss(&self, claim: &Claim) {
        let Lease { execution_id, workspace_id, .. } = claim.lease;
        let Ok(state) = self.fold(claim).await else { return };
        let Some(report) = state.failure_report(&lost(claim.takeovers)) else { return };
        if let Err(error) = self.parts.failures.report(workspace_id, execution_id, report).await {
            tracing::warn!(%error, %execution_id, "nobody could be told that an execution is set aside");
        }
    }

    /// Passes a request on to an execution that runs here. False when it doesn't.
    pub async fn pass_on(&self, id: ExecutionId, request: Request) -> bool {
        let signals = self.lock_running().get(&id).cloned();
        match signals {
            Some(signals) => signals.send(request).await.is_ok(),
            None => false,
        }
    }

    /// Whether a task of this node works on the execution.
    #[must_use]
    pub fn runs(&self, id: ExecutionId) -> bool {
        self.lock_running().contains_key(&id)
    }

    /// Something may have become claimable.
    pub fn wake_claims(&self) {
        self.claimable.notify_one();
    }

    /// Waits until something may have become claimable.
    pub async fn claims_woken(&self) {
        self.claimable.notified().await;
    }

    /// Lets no execution begin, and those that run come to a rest as soon as their attempts have ended.
    pub fn begin_drain(&self) {
        self.draining.send_replace(true);
    }

    /// Begins to drain and waits until nothing runs, at most `patience`. Returns how many did not make it; their leases must
    /// be given back.
    pub async fn drain(&self, patience: Duration) -> usize {
        self.begin_drain();
        let at_rest = async {
            while !self.lock_running().is_empty() {
                self.departed.notified().await;
            }
        };
        drop(tokio::time::timeout(patience, at_rest).await);
        self.lock_running().len()
    }

    fn execution(&self, state: State) -> Execution {
        Execution::new(state).within(self.payload_limits())
    }

    fn spawn(&self, lease: Lease, execution: Execution, start: Start, permit: OwnedSemaphorePermit) {
        let (sender, signals) = mpsc::channel(8);
        self.lock_running().insert(lease.execution_id, sender.clone());
        let running = self.parts.metrics.execution_running();
        let executor = self.clone();
        let mut task = ExecutionTask::new(Arc::clone(&self.parts), lease, execution, signals, self.draining.subscribe());
        tokio::spawn(async move {
            let outcome = AssertUnwindSafe(task.run(start)).catch_unwind().await;
            if outcome.is_err() {
                tracing::error!(execution_id = %lease.execution_id, "an execution's task ended abnormally; it is taken up again later");
                executor.parts.give_back_later(lease, Duration::from_secs(60)).await;
            }
            executor.forget(lease.execution_id, &sender);
            drop((permit, running));
            executor.departed.notify_one();
            // Not for every execution that ends: an idle look at the queue costs as much as the execution did.
            if task.leaves_work_soon() || executor.room_wanted.swap(false, Ordering::SeqCst) {
                executor.wake_claims();
            }
        });
    }

    /// The task behind `ended` has ended. A later lease may have a task of its own by now.
    fn forget(&self, id: ExecutionId, ended: &mpsc::Sender<Request>) {
        let mut running = self.lock_running();
        if running.get(&id).is_some_and(|signals| signals.same_channel(ended)) {
            running.remove(&id);
        }
    }

    async fn fold(&self, claim: &Claim) -> Result<State, TakeUpError> {
        let Lease { execution_id, workspace_id, .. } = claim.lease;
        let plan = self.parts.versions.plan((workspace_id, claim.workflow_uid, claim.version)).await?;
        let mut state = State::new(execution_id, plan);
        loop {
            let after = state.seq;
            let page = self.parts.events(workspace_id, execution_id, after).await?;
            for event in &page {
                state.apply(event)?;
            }
            if i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_EVENTS {
                return Ok(state);
            }
        }
    }

    fn lock_running(&self) -> MutexGuard<'_, HashMap<ExecutionId, mpsc::Sender<Request>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    async fn events(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        after: i32,
    ) -> Result<Vec<Event>, TakeUpError> {
        let stored = self
            .database
            .engine(move |connection| Ok(feed::events_of(connection, workspace_id.0, execution_id.0, after, PAGE_EVENTS)?))
            .await?;
        let decode = |stored: feed::StoredEvent| {
            journal::decode(execution_id, stored.seq, stored.at, &stored.event_type, &stored.data)
                .map_err(|source| TakeUpError::Decode { seq: stored.seq, source })
        };
        stored.into_iter().map(decode).collect()
    }

    /// What follows when an execution has ended: it is counted, those who called it hear of it, and those whom it called are
    /// no longer wanted.
    pub(super) async fn ended(&self, workspace_id: WorkspaceId, state: &State) {
        self.count(state);
        if let Some(parent) = state.origin.as_ref().and_then(|origin| origin.parent.as_ref()) {
            self.calls.ended(workspace_id, parent.execution_id).await;
        }
        if state.plan().steps.iter().any(|step| matches!(step.work, Work::Call(_))) {
            self.calls.abandoned();
        }
    }

    fn count(&self, state: &State) {
        let Some(end) = &state.end else { return };
        self.metrics.execution_finished(end.status, (end.at - state.id.admitted_at()).to_std().unwrap_or_default());
        for (step, plan) in state.steps.iter().zip(&state.plan().steps).filter(|(step, _)| step.finished_at.is_some()) {
            self.metrics.step_finished(plan.uses, step.status);
        }
    }

    /// Gives back the lease of an execution that has nothing to do until `until`, as soon as the database can be reached.
    pub(super) async fn rest(&self, lease: Lease, until: DateTime<Utc>, paused: bool) {
        let mut pause = Duration::from_millis(100);
        while let Err(error) = self.queue.rest(lease, until, paused).await {
            tracing::warn!(%error, execution_id = %lease.execution_id, "a lease can't be given back yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Gives a lease back after a failure that is not the world's: it counts as if a node was lost, so that it can't go on for ever.
    pub(super) async fn give_back_failed(&self, lease: Lease, delay: Duration) {
        let delay = chrono::TimeDelta::from_std(delay).unwrap_or_default();
        let mut pause = Duration::from_millis(100);
        while let Err(error) = self.queue.give_back_failed(lease, self.clock.now() + delay).await {
            tracing::warn!(%error, execution_id = %lease.execution_id, "a lease can't be given back yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Gives a lease back, as soon as the database can be reached; the execution is due again after `delay`.
    pub(super) async fn give_back_later(&self, lease: Lease, delay: Duration) {
        let delay = chrono::TimeDelta::from_std(delay).unwrap_or_default();
        let mut pause = Duration::from_millis(100);
        while let Err(error) = self.queue.give_back(lease, self.clock.now() + delay).await {
            tracing::warn!(%error, execution_id = %lease.execution_id, "a lease can't be given back yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
