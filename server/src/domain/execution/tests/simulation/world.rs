//! What is durable, who holds the lease, what the operator wants, and what happens next.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tidemill_common::event::{Event, EventBody, Origin, StepError, TriggerOrigin};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass};
use uuid::Uuid;

use super::Random;
use super::node::{Flow, Held, Wish};
use super::oracle::Oracle;
use crate::domain::workflow::plan::Plan;

const NODES: usize = 3;
const MOST_TAKEOVERS: u32 = 3;
/// Things that happen before faults end; then everything must come to its end.
const TROUBLED: usize = 40;
/// Things that may happen after that.
const PATIENCE: usize = 2_000;

/// What becomes of the lease.
#[derive(Debug, Clone, Copy)]
pub(super) enum Next {
    Keep,
    Release(Option<DateTime<Utc>>),
    End,
}

/// What the node hears of its append.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Committed,
    /// The lease is lost, the commit is in doubt and the lease was given back, or the node is gone.
    Lost,
}

/// The row of the queue.
#[derive(Debug)]
struct Row {
    lease: Option<usize>,
    epoch: i32,
    /// `None`: it waits for people.
    available_at: Option<DateTime<Utc>>,
    takeovers: u32,
    cancel: bool,
    pause: Option<bool>,
}

/// How the next append ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    CrashBefore,
    CrashAfter,
    /// It is committed, the answer is lost, and the same append is tried again.
    Ambiguous,
}

pub(super) struct World {
    pub(super) id: ExecutionId,
    pub(super) plan: Arc<Plan>,
    pub(super) now: DateTime<Utc>,
    pub(super) events: Vec<Event>,
    pub(super) oracle: Oracle,
    pub(super) draining: Option<usize>,
    /// How often work was lost: a node died or froze, or a lease was given back in doubt.
    pub(super) losses: usize,
    pub(super) decisions: u64,
    random: Random,
    row: Option<Row>,
    status: ExecutionStatus,
    troubled: bool,
}

/// What the nodes have in hand. Apart from the world, because they change it.
type Hands = [Option<Held>; NODES];

impl World {
    pub(super) fn new(plan: Arc<Plan>, random: Random) -> Self {
        let now = DateTime::from_timestamp_millis(1_790_000_000_000).unwrap();
        let id = ExecutionId(Uuid::from_u128((1_790_000_000_000 << 80) | (7 << 76) | u128::from(random.0)));
        let origin = Origin {
            workflow_id: "simulated".into(),
            version: 1,
            trigger: TriggerOrigin { kind: "manual".into(), id: None },
            input: Arc::new(json!({"body": {}})),
            retry_of: None,
            parent: None,
            traceparent: None,
        };
        let first = Event { execution_id: id, seq: 1, at: now, body: EventBody::ExecutionQueued(origin) };
        let mut oracle = Oracle::new(id, Arc::clone(&plan));
        oracle.appended(&first);
        let row = Row { lease: None, epoch: 0, available_at: Some(now), takeovers: 0, cancel: false, pause: None };
        Self {
            id,
            plan,
            now,
            events: vec![first],
            oracle,
            draining: None,
            losses: 0,
            decisions: 0,
            random,
            row: Some(row),
            status: ExecutionStatus::Queued,
            troubled: true,
        }
    }

    /// Lets things happen until the execution has ended. Returns how many decisions were made.
    pub(super) fn run(mut self) -> u64 {
        let mut hands: Hands = [const { None }; NODES];
        for _ in 0..TROUBLED {
            if self.row.is_none() && hands.iter().all(Option::is_none) {
                return self.decisions;
            }
            self.happen(&mut hands);
        }
        self.troubled = false;
        self.draining = None;
        self.wish(Wish::Resume, &mut hands);
        for _ in 0..PATIENCE {
            if self.row.is_none() {
                assert!(self.oracle.state.end.is_some(), "what left the queue has ended");
                return self.decisions;
            }
            self.go_on(&mut hands);
        }
        panic!("it does not come to its end: {:?} {:#?}", self.row, self.events);
    }

    /// One thing, whatever it is.
    fn happen(&mut self, hands: &mut Hands) {
        match self.random.below(100) {
            0..4 => self.crash(hands),
            4..6 => self.freeze(),
            6..11 => {
                let wish =
                    if self.random.percent(8) { Wish::Cancel } else { [Wish::Pause, Wish::Resume][self.random.below(2)] };
                self.wish(wish, hands);
            }
            11..13 => self.draining = Some(self.random.below(NODES)).filter(|_| self.random.percent(50)),
            13..20 => self.now += TimeDelta::milliseconds(i64::try_from(self.random.below(4_000)).unwrap()),
            _ => self.go_on(hands),
        }
    }

    /// Something that brings the execution on.
    fn go_on(&mut self, hands: &mut Hands) {
        let able: Vec<usize> = (0..NODES).filter(|node| hands[*node].as_ref().is_some_and(|held| held.can_act(self))).collect();
        if !able.is_empty() && self.random.percent(80) {
            let node = able[self.random.below(able.len())];
            return self.let_act(node, hands);
        }
        if self.claim(hands) {
            return;
        }
        if able.is_empty() {
            self.pass_time(hands);
        }
    }

    fn let_act(&mut self, node: usize, hands: &mut Hands) {
        let Some(mut held) = hands[node].take() else { return };
        let mut random = Random(self.random.next());
        let flow = held.act(node, &mut random, self);
        if flow == Flow::GoOn {
            hands[node] = Some(held);
        }
    }

    /// A node takes the execution up when nobody holds it and it is due.
    fn claim(&mut self, hands: &mut Hands) -> bool {
        let node = self.random.below(NODES);
        let now = self.now;
        let draining = self.draining == Some(node);
        let Some(row) = &mut self.row else { return false };
        let free = row.lease.is_none() && row.available_at.is_some_and(|at| at <= now);
        if !free || hands[node].is_some() || draining {
            return false;
        }
        row.lease = Some(node);
        row.epoch += 1;
        self.take_up(node, hands);
        true
    }

    fn take_up(&mut self, node: usize, hands: &mut Hands) {
        let Some(row) = &self.row else { return };
        let (epoch, takeovers) = (row.epoch, row.takeovers);
        if takeovers >= MOST_TAKEOVERS {
            let error = StepError::new(FailureClass::HostLost, "lost");
            let body = EventBody::ExecutionCompleted { status: ExecutionStatus::DeadLetter, output: None, error: Some(error) };
            let seq = i32::try_from(self.events.len()).unwrap() + 1;
            let end = Event { execution_id: self.id, seq, at: self.now, body };
            self.append(node, epoch, &[end], (Next::End, ExecutionStatus::DeadLetter));
            return;
        }
        let requests = match row {
            Row { cancel: true, .. } => vec![Wish::Cancel],
            Row { pause: Some(on), .. } => vec![if *on { Wish::Pause } else { Wish::Resume }],
            _ => Vec::new(),
        };
        let mut held = Held::new(self, epoch);
        if held.take_up(node, requests, self) == Flow::GoOn {
            hands[node] = Some(held);
        }
    }

    /// Nobody can do anything: time passes until somebody can.
    fn pass_time(&mut self, hands: &Hands) {
        let held = hands.iter().flatten().filter_map(|held| held.execution.wake_at());
        let row = self.row.as_ref().filter(|row| row.lease.is_none()).and_then(|row| row.available_at);
        if let Some(at) = held.chain(row).min() {
            self.now = self.now.max(at);
            return;
        }
        // It waits for people: in the end one of them decides.
        let nobody = self.row.as_ref().is_some_and(|row| row.lease.is_none());
        if nobody
            && !self.troubled
            && let Some(row) = &mut self.row
        {
            row.cancel = true;
            row.available_at = Some(self.now);
        }
    }

    /// A node dies with what it has in hand; another one takes over.
    fn crash(&mut self, hands: &mut Hands) {
        let node = self.random.below(NODES);
        hands[node] = None;
        self.lost(node, hands);
    }

    /// A node is only slow: it is taken for dead, and goes on later with a lease that it has lost.
    fn freeze(&mut self) {
        let holder = self.row.as_ref().and_then(|row| row.lease);
        if holder.is_some() {
            self.losses += 1;
            let row = self.row.as_mut().expect("it has a holder");
            row.lease = None;
            row.takeovers += 1;
            row.available_at = Some(self.now);
        }
    }

    fn lost(&mut self, node: usize, hands: &mut Hands) {
        let now = self.now;
        let Some(row) = self.row.as_mut().filter(|row| row.lease == Some(node)) else { return };
        self.losses += 1;
        row.takeovers += 1;
        row.lease = None;
        row.available_at = Some(now);
        if self.random.percent(50) {
            self.claim(hands);
        }
    }

    /// Somebody wants something. Whoever holds the execution hears of it, unless it is lost on the way.
    fn wish(&mut self, wish: Wish, hands: &mut Hands) {
        let now = self.now;
        let Some(row) = &mut self.row else { return };
        match wish {
            Wish::Cancel => row.cancel = true,
            Wish::Pause => row.pause = Some(true),
            Wish::Resume => row.pause = Some(false),
        }
        match row.lease {
            None => row.available_at = Some(now),
            Some(node) => {
                if let Some(held) = hands[node].as_mut().filter(|held| held.epoch == row.epoch) {
                    held.requests.push(wish);
                }
            }
        }
    }

    /// Gives the lease back without an append.
    pub(super) fn rest(&mut self, node: usize, epoch: i32, until: Option<DateTime<Utc>>, paused: bool) {
        let Some(row) = self.row.as_mut().filter(|row| row.lease == Some(node) && row.epoch == epoch) else { return };
        row.lease = None;
        row.takeovers = 0;
        row.available_at = row.next_look(until, paused, self.now);
    }

    /// The journal: fenced by the lease, and with trouble of its own.
    pub(super) fn append(
        &mut self,
        node: usize,
        epoch: i32,
        events: &[Event],
        (next, status): (Next, ExecutionStatus),
    ) -> Written {
        let trouble = self.trouble();
        if trouble == Trouble::CrashBefore {
            return self.die(node);
        }
        let held = self.row.as_ref().is_some_and(|row| row.lease == Some(node) && row.epoch == epoch);
        if held {
            self.commit(events, next, status);
        }
        match trouble {
            Trouble::CrashAfter => self.die(node),
            // Tried again: the events are there already. What is durable decides, in new hands.
            Trouble::Ambiguous if held => {
                if let Some(row) = self.row.as_mut().filter(|row| row.lease == Some(node)) {
                    row.lease = None;
                    row.available_at = Some(self.now);
                    self.losses += 1;
                }
                Written::Lost
            }
            _ if held => Written::Committed,
            _ => Written::Lost,
        }
    }

    fn trouble(&mut self) -> Trouble {
        if !self.troubled {
            return Trouble::None;
        }
        match self.random.below(100) {
            0..2 => Trouble::CrashBefore,
            2..4 => Trouble::CrashAfter,
            4..6 => Trouble::Ambiguous,
            _ => Trouble::None,
        }
    }

    fn die(&mut self, node: usize) -> Written {
        let now = self.now;
        if let Some(row) = self.row.as_mut().filter(|row| row.lease == Some(node)) {
            row.lease = None;
            row.takeovers += 1;
            row.available_at = Some(now);
            self.losses += 1;
        }
        Written::Lost
    }

    fn commit(&mut self, events: &[Event], next: Next, status: ExecutionStatus) {
        for event in events {
            self.oracle.appended(event);
            self.events.push(event.clone());
        }
        self.status = status;
        assert_eq!(self.status, self.oracle.state.status(), "the row is the fold of the events");
        let now = self.now;
        match next {
            Next::Keep => {}
            Next::Release(until) => {
                let row = self.row.as_mut().expect("it is held");
                row.lease = None;
                row.takeovers = 0;
                row.available_at = row.next_look(until, status == ExecutionStatus::Paused, now);
            }
            Next::End => self.row = None,
        }
    }
}

impl Row {
    /// A wish that nobody has looked at yet keeps the execution due.
    fn next_look(&self, until: Option<DateTime<Utc>>, paused: bool, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.cancel || self.pause.unwrap_or(paused) != paused { Some(now) } else { until }
    }
}
