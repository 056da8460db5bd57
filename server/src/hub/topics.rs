//! Who listens to what, and the recent events they have not read yet.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemill_common::event::Event;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::{oneshot, watch};

use super::cursor::FeedCursor;
use super::frames::FeedBatch;
use super::waiting::Waiter;

/// Recent events of one execution that are kept for its subscribers.
const EXECUTION_RING_EVENTS: usize = 256;
/// Recent batches of one workspace that are kept for its subscribers.
const WORKSPACE_RING_BATCHES: usize = 256;
/// The same in bytes of JSON.
const WORKSPACE_RING_BYTES: usize = 4 * 1024 * 1024;

/// All topics of this node. Held locked only for a few map operations.
#[derive(Debug, Default)]
pub(super) struct Topics {
    executions: Mutex<HashMap<ExecutionId, Arc<ExecutionTopic>>>,
    workspaces: Mutex<HashMap<WorkspaceId, Arc<WorkspaceTopic>>>,
    waiters: Mutex<HashMap<ExecutionId, Waiter>>,
    /// How many of them wait for steps.
    step_waiters: AtomicUsize,
}

/// One execution that somebody follows.
#[derive(Debug)]
pub(super) struct ExecutionTopic {
    ring: Mutex<VecDeque<Event>>,
    /// The newest durable seq that this node knows of.
    newest: watch::Sender<i32>,
}

/// One workspace whose feed somebody follows.
#[derive(Debug)]
pub(super) struct WorkspaceTopic {
    ring: Mutex<WorkspaceRing>,
    /// How far the tail has come.
    reached: watch::Sender<FeedCursor>,
}

#[derive(Debug)]
struct WorkspaceRing {
    /// The place before the first batch; nothing until the tail has begun to read for this topic.
    start: Option<FeedCursor>,
    batches: VecDeque<Arc<FeedBatch>>,
    bytes: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds these locks can leave them half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Topics {
    pub(super) fn wait(&self, workspace_id: WorkspaceId, id: ExecutionId, steps: Arc<[Arc<str>]>) -> oneshot::Receiver<Event> {
        let (event, receiver) = oneshot::channel();
        if !steps.is_empty() {
            self.step_waiters.fetch_add(1, Ordering::Relaxed);
        }
        lock(&self.waiters).insert(id, Waiter { workspace_id, steps, event });
        receiver
    }

    pub(super) fn stop_waiting(&self, id: ExecutionId) {
        let gone = lock(&self.waiters).remove(&id);
        self.forget(gone.as_ref());
    }

    fn forget(&self, gone: Option<&Waiter>) {
        if gone.is_some_and(|waiter| !waiter.steps.is_empty()) {
            self.step_waiters.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether commits without an end have to be looked at.
    pub(super) fn someone_waits_for_steps(&self) -> bool {
        self.step_waiters.load(Ordering::Relaxed) > 0
    }

    /// Tells whoever waits for one of these events.
    pub(super) fn tell_waiter(&self, id: ExecutionId, events: &[Event]) {
        let mut waiters = lock(&self.waiters);
        let Some(wanted) = waiters.get(&id).and_then(|waiter| waiter.wants(events)) else { return };
        let waiter = waiters.remove(&id);
        drop(waiters);
        self.forget(waiter.as_ref());
        if let Some(waiter) = waiter {
            // A waiter that has gone away needs no answer.
            drop(waiter.event.send(wanted.clone()));
        }
    }

    /// Whether somebody waits for something of the execution; if so, whether for its end only.
    pub(super) fn waited_for(&self, id: ExecutionId) -> Option<(WorkspaceId, bool)> {
        lock(&self.waiters).get(&id).map(|waiter| (waiter.workspace_id, waiter.steps.is_empty()))
    }

    pub(super) fn is_idle(&self) -> bool {
        lock(&self.executions).is_empty() && lock(&self.workspaces).is_empty() && lock(&self.waiters).is_empty()
    }

    pub(super) fn has_workspace_subscribers(&self) -> bool {
        !lock(&self.workspaces).is_empty()
    }

    pub(super) fn subscribers(&self) -> usize {
        let executions: usize = lock(&self.executions).values().map(|topic| topic.newest.receiver_count()).sum();
        let workspaces: usize = lock(&self.workspaces).values().map(|topic| topic.reached.receiver_count()).sum();
        executions + workspaces
    }

    pub(super) fn execution(&self, id: ExecutionId) -> (Arc<ExecutionTopic>, watch::Receiver<i32>) {
        let mut executions = lock(&self.executions);
        let topic = executions
            .entry(id)
            .or_insert_with(|| Arc::new(ExecutionTopic { ring: Mutex::default(), newest: watch::Sender::new(0) }));
        (Arc::clone(topic), topic.newest.subscribe())
    }

    /// Forgets the topic when its last subscriber is gone. `leaving` still counts as one.
    pub(super) fn leave_execution(&self, id: ExecutionId) {
        let mut executions = lock(&self.executions);
        if executions.get(&id).is_some_and(|topic| topic.newest.receiver_count() <= 1) {
            executions.remove(&id);
        }
    }

    pub(super) fn find_execution(&self, id: ExecutionId) -> Option<Arc<ExecutionTopic>> {
        lock(&self.executions).get(&id).cloned()
    }

    pub(super) fn execution_committed(&self, id: ExecutionId, events: Vec<Event>) {
        if let Some(topic) = self.find_execution(id) {
            topic.push(events);
        }
    }

    pub(super) fn workspace(&self, id: WorkspaceId, head: FeedCursor) -> (Arc<WorkspaceTopic>, watch::Receiver<FeedCursor>) {
        let mut workspaces = lock(&self.workspaces);
        let topic = workspaces.entry(id).or_insert_with(|| Arc::new(WorkspaceTopic::new(head)));
        (Arc::clone(topic), topic.reached.subscribe())
    }

    /// The tail is about to read what is behind `cursor`: from here on, rings that were new are complete.
    pub(super) fn begin(&self, cursor: FeedCursor) {
        for topic in lock(&self.workspaces).values() {
            lock(&topic.ring).start.get_or_insert(cursor);
        }
    }

    pub(super) fn leave_workspace(&self, id: WorkspaceId) {
        let mut workspaces = lock(&self.workspaces);
        if workspaces.get(&id).is_some_and(|topic| topic.reached.receiver_count() <= 1) {
            workspaces.remove(&id);
        }
    }

    pub(super) fn find_workspace(&self, id: WorkspaceId) -> Option<Arc<WorkspaceTopic>> {
        lock(&self.workspaces).get(&id).cloned()
    }

    /// Tells every workspace topic how far the tail has come.
    pub(super) fn reached(&self, cursor: FeedCursor) {
        for topic in lock(&self.workspaces).values() {
            topic.reached.send_if_modified(|reached| {
                let further = *reached < cursor;
                *reached = cursor.max(*reached);
                further
            });
        }
    }
}

impl ExecutionTopic {
    fn push(&self, events: Vec<Event>) {
        let Some(last) = events.last().map(|event| event.seq) else { return };
        let mut ring = lock(&self.ring);
        if ring.back().is_some_and(|newest| events[0].seq != newest.seq + 1) {
            ring.clear();
        }
        ring.extend(events);
        let surplus = ring.len().saturating_sub(EXECUTION_RING_EVENTS);
        ring.drain(..surplus);
        drop(ring);
        self.reached(last);
    }

    /// Another node has committed up to `seq`.
    pub(super) fn reached(&self, seq: i32) {
        self.newest.send_if_modified(|newest| {
            let further = *newest < seq;
            *newest = seq.max(*newest);
            further
        });
    }

    /// The events behind `after`, if the ring still has the first of them.
    pub(super) fn recent(&self, after: i32) -> Option<Vec<Event>> {
        let ring = lock(&self.ring);
        let first = ring.front()?.seq;
        if first > after + 1 {
            return None;
        }
        let events: Vec<_> = ring.iter().filter(|event| event.seq > after).cloned().collect();
        (!events.is_empty()).then_some(events)
    }
}

impl WorkspaceTopic {
    fn new(head: FeedCursor) -> Self {
        let ring = WorkspaceRing { start: None, batches: VecDeque::new(), bytes: 0 };
        Self { ring: Mutex::new(ring), reached: watch::Sender::new(head) }
    }

    /// Keeps a batch for subscribers. Batches come in the feed's order.
    pub(super) fn push(&self, batch: Arc<FeedBatch>) {
        let mut ring = lock(&self.ring);
        if ring.start.is_none() {
            return;
        }
        ring.bytes += batch.bytes();
        ring.batches.push_back(batch);
        while ring.batches.len() > WORKSPACE_RING_BATCHES || ring.bytes > WORKSPACE_RING_BYTES {
            let Some(oldest) = ring.batches.pop_front() else { break };
            ring.bytes -= oldest.bytes();
            ring.start = Some(oldest.cursor);
        }
    }

    /// The batches behind `after`, if the ring reaches back so far.
    pub(super) fn recent(&self, after: FeedCursor) -> Option<Vec<Arc<FeedBatch>>> {
        let ring = lock(&self.ring);
        ring.start
            .is_some_and(|start| start <= after)
            .then(|| ring.batches.iter().filter(|batch| batch.cursor > after).cloned().collect())
    }
}
