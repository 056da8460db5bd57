//! The loop of one execution: decide, append, act, wait.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::event::{Event, EventBody};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::calls::NotCalled;
use super::forced_end::one_line;
use super::printing::Printing;
use super::service::Parts;
use crate::budget::Share;
use crate::domain::execution::{Action, Calling, Execution, FailureReport, Input, State};
use crate::domain::file;
use crate::domain::payload::Packed;
use crate::domain::workflow::plan::Effect;
use crate::journal::{self, Append, Lease, Next};
use crate::queue::{Request, Wish};

/// A wait that is shorter stays in memory; a longer one gives the lease back and costs nothing but its row.
pub(super) const SHORT_WAIT: TimeDelta = TimeDelta::seconds(1);

/// Longer than claims rest between two looks.
pub(super) const SOON: TimeDelta = TimeDelta::seconds(10);

/// When an execution is due that waits for nothing but people: at the end of the year 9999.
pub(super) const NEVER: DateTime<Utc> = DateTime::from_timestamp(253_402_300_799, 0).expect("within the range of times");

/// How soon somebody looks again for what could not be read, or starts what this node can't start any more.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(1);

/// How soon somebody looks again after an execution that was taken up while it waits for its concurrency key.
const BLOCKED_LOOK: TimeDelta = TimeDelta::seconds(5);

/// One execution in the hands of this node.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct ExecutionTask {
    pub(super) parts: Arc<Parts>,
    pub(super) lease: Lease,
    pub(super) execution: Execution,
    /// The memory for its open payloads.
    pub(super) share: Option<Share>,
    requests: mpsc::Receiver<Request>,
    draining: watch::Receiver<bool>,
    /// What is under way; each comes back with what happened.
    pub(super) attempts: JoinSet<Ended>,
    pub(super) printing: Printing,
    blocked: bool,
    /// Whether the next decision is due at once.
    more_is_ready: bool,
    /// Whether something may have come from outside.
    look: bool,
    /// Whether a step waits for something outside, or did.
    waits: bool,
    /// The executions that it called and that exist.
    called: HashSet<ExecutionId>,
    /// Whether an execution that it calls is to be started elsewhere: this node is stopping.
    start_elsewhere: bool,
}

/// How something that was under way ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With something to decide about, and the memory that it takes when it is large.
    Input(Input, Option<Share>),
    /// An execution that was called exists.
    Started,
    /// One does not, and this node can't start it.
    StartLater(ExecutionId),
}

/// How a task begins.
pub(super) enum Start {
    /// With what was wanted while nobody held the execution. One that is `blocked` waits for its concurrency key: it may end, be
    /// paused and resumed, but not begin.
    TakenUp { requests: Vec<Request>, blocked: bool },
    /// With what follows from the first decision, which was made already.
    Begun { actions: Vec<Action>, share: Option<Share> },
}

/// Whether the loop goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flow {
    GoOn,
    Stop,
}

impl ExecutionTask {
    pub(super) fn new(
        parts: Arc<Parts>,
        lease: Lease,
        execution: Execution,
        requests: mpsc::Receiver<Request>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        Self {
            // What came may lie there since before this node got it; nothing comes before the first decision.
            look: execution.state().plan().waits_outside && execution.state().seq > 1,
            waits: execution.state().plan().waits_outside && execution.state().awaiting().next().is_some(),
            parts,
            lease,
            execution,
            share: None,
            requests,
            draining,
            attempts: JoinSet::new(),
            printing: Printing::default(),
            blocked: false,
            more_is_ready: false,
            called: HashSet::new(),
            start_elsewhere: false,
        }
    }

    /// Carries the execution on until it ends, waits for long, or is no longer ours.
    pub(super) async fn run(&mut self, start: Start) {
        let (mut inputs, mut actions) = match start {
            Start::Begun { actions, share } => {
                self.share = share;
                (Vec::new(), actions)
            }
            Start::TakenUp { requests, blocked } => {
                self.blocked = blocked;
                let resume = (!blocked).then_some(Input::Resume);
                (requests.into_iter().filter_map(input).chain(resume).collect(), Vec::new())
            }
        };
        loop {
            if let Err(error) = self.fetch_secrets().await {
                tracing::warn!(%error, execution_id = %self.lease.execution_id, "secrets can't be read; the execution is taken up again later");
                return self.parts.give_back_later(self.lease, Duration::from_secs(5)).await;
            }
            if let Err(error) = self.read_mail().await {
                tracing::warn!(%error, execution_id = %self.lease.execution_id, "what came for an execution can't be read yet");
                if self.attempts.is_empty() {
                    return self.parts.give_back_later(self.lease, Duration::from_secs(5)).await;
                }
            }
            if self.open_payloads().await == Flow::Stop {
                return;
            }
            for input in std::mem::take(&mut inputs) {
                actions.extend(self.hear_out(input).await);
            }
            if self.carry_out(std::mem::take(&mut actions)).await == Flow::Stop || self.settle().await == Flow::Stop {
                return;
            }
            self.settle_payloads();
            inputs.push(self.next_input().await);
        }
    }

    pub(super) async fn decide(&mut self, input: Input) -> Vec<Action> {
        let now = self.parts.clock.now();
        if self.share.is_none() {
            return self.execution.decide(input, now);
        }
        // Megabytes are evaluated and packed on the thread for it; something stands here in the meantime.
        let nothing = Execution::new(State::new(self.lease.execution_id, Arc::clone(self.execution.state().plan())));
        let mut execution = std::mem::replace(&mut self.execution, nothing);
        let decide = move || (execution.decide(input, now), execution);
        let (actions, execution) = self.parts.budget.handle(decide).await;
        self.execution = execution;
        actions
    }

    /// Reads what came from outside, if anything may have.
    async fn read_mail(&mut self) -> Result<(), crate::store::Error> {
        if self.look {
            let mail = self.parts.mail(self.lease, self.execution.state()).await?;
            self.waits |= !mail.answers.is_empty();
            self.called.extend(mail.called);
            self.execution.give_answers(mail.answers);
            self.look = false;
        }
        Ok(())
    }

    /// Starts attempts. What must never be repeated, or reads what was just made, starts only after that is durable.
    async fn carry_out(&mut self, actions: Vec<Action>) -> Flow {
        if self.execution.state().end.is_some() {
            // Nothing begins any more, and what is to be appended ends it.
            return Flow::GoOn;
        }
        for action in actions {
            match action {
                Action::StopAll => self.attempts.abort_all(),
                Action::GoOn => self.more_is_ready = true,
                Action::Report(report) => {
                    if self.execution.has_events() && self.append(Next::Keep).await == Flow::Stop {
                        return Flow::Stop;
                    }
                    self.report(report);
                }
                Action::Call(calling) if self.called.contains(&calling.child) => {}
                Action::Call(calling) => {
                    // That it is called is durable before it exists, so that there is never a second one.
                    if self.execution.has_events() && self.append(Next::Keep).await == Flow::Stop {
                        return Flow::Stop;
                    }
                    self.call(calling);
                }
                Action::Run(run) => {
                    let effect = self.execution.state().plan().steps[run.place.step].effect;
                    // The contents of the files that it hands on are read again by what is durable.
                    if (effect == Effect::AtMostOnce || file::is_named_in(&run.with))
                        && self.execution.has_events()
                        && self.append(Next::Keep).await == Flow::Stop
                    {
                        return Flow::Stop;
                    }
                    self.start_attempt(run);
                }
            }
        }
        Flow::GoOn
    }

    /// Tells another workflow of the failure. That this execution fails is durable by now, so that nothing is told that is not so.
    fn report(&mut self, report: FailureReport) {
        let (failures, Lease { workspace_id, execution_id, .. }) = (self.parts.failures.clone(), self.lease);
        self.attempts.spawn(async move {
            Ended::Input(Input::Reported(failures.report(workspace_id, execution_id, report).await), None)
        });
    }

    fn call(&mut self, calling: Calling) {
        self.called.insert(calling.child);
        let (calls, workspace_id) = (self.parts.calls.clone(), self.lease.workspace_id);
        self.attempts.spawn(async move {
            let (place, attempt, child) = (calling.place, calling.attempt, calling.child);
            match calls.start(workspace_id, calling).await {
                Ok(()) => Ended::Started,
                Err(NotCalled::Later) => Ended::StartLater(child),
                Err(NotCalled::Refused(error)) => {
                    Ended::Input(Input::StepEnded { place, attempt, result: Err(error), log: String::new() }, None)
                }
            }
        });
    }

    /// After a decision: appends what is to be appended, and says whether there is more to do here and now.
    async fn settle(&mut self) -> Flow {
        let state = self.execution.state();
        if state.end.is_some() {
            self.attempts.abort_all();
            return self.finish().await;
        }
        let busy = self.more_is_ready || self.look || !self.attempts.is_empty();
        let until = self.until();
        let rests = !busy && (until - self.parts.clock.now() > SHORT_WAIT || *self.draining.borrow());
        match (rests, self.execution.has_events()) {
            (true, true) => self.append(Next::Release(until)).await,
            (true, false) => {
                let paused = state.status() == ExecutionStatus::Paused;
                self.parts.rest(self.lease, until, paused).await;
                Flow::Stop
            }
            (false, true) => self.append(Next::Keep).await,
            (false, false) => Flow::GoOn,
        }
    }

    /// Whether it leaves something in the queue that is due before claims look again by themselves: itself, or the next one
    /// in line for its concurrency key.
    pub(super) fn leaves_work_soon(&self) -> bool {
        let state = self.execution.state();
        match state.end {
            Some(_) => state.plan().concurrency.is_some(),
            None => self.until() - self.parts.clock.now() <= SOON,
        }
    }

    /// When there is something to do again, as far as is known.
    fn until(&self) -> DateTime<Utc> {
        let state = self.execution.state();
        if self.blocked && state.paused.is_none() {
            // It is due as soon as it holds its key; this look only makes sure, since both may happen at once.
            return self.parts.clock.now() + BLOCKED_LOOK;
        }
        let wake_at = self.execution.wake_at().unwrap_or(NEVER);
        if self.start_elsewhere { wake_at.min(self.parts.clock.now() + LOOK_AGAIN) } else { wake_at }
    }

    async fn finish(&mut self) -> Flow {
        let flow = self.append(Next::End).await;
        self.parts.ended(self.lease.workspace_id, self.execution.state()).await;
        flow
    }

    async fn append(&mut self, next: Next) -> Flow {
        let (events, payloads) = (self.execution.take_events(), self.execution.take_payloads());
        self.waits |= self.execution.state().plan().waits_outside && events.iter().any(begins_wait);
        let mut pause = Duration::from_millis(50);
        loop {
            let answer = self.parts.journal.append(self.to_append((events.clone(), payloads.clone()), next)).await;
            match answer.await.unwrap_or(Err(journal::Error::Unavailable)) {
                Ok(()) if next == Next::Keep => return Flow::GoOn,
                Ok(()) => return Flow::Stop,
                Err(journal::Error::LeaseLost) => {
                    tracing::info!(execution_id = %self.lease.execution_id, "another node has the lease; dropping what was not written");
                    return Flow::Stop;
                }
                Err(journal::Error::Unavailable | journal::Error::Overloaded) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                // The events may be there already, from a commit whose answer was lost: what is durable decides.
                Err(journal::Error::Rejected) => {
                    self.parts.give_back_failed(self.lease, Duration::from_millis(100)).await;
                    return Flow::Stop;
                }
            }
        }
    }

    fn to_append(&self, (events, payloads): (Vec<Event>, Vec<Arc<Packed>>), next: Next) -> Append {
        let state = self.execution.state();
        let ended = state.end.as_ref().map(|end| (end.at, end.error.as_ref().map(one_line)));
        let keyed = state.plan().concurrency.is_some();
        let waits = self.waits;
        Append { lease: self.lease, events, status: state.status(), ended, next, keyed, waits, payloads }
    }

    /// Holds `share` as well: what it stands for is here.
    fn hold(&mut self, share: Option<Share>) {
        self.share = match (self.share.take(), share) {
            (Some(own), Some(more)) => Some(own.and(more)),
            (own, more) => own.or(more),
        };
    }

    fn hear(&mut self, request: Request) -> Input {
        self.look |= request.wish == Wish::Look;
        input(request).unwrap_or(Input::Tick)
    }

    async fn next_input(&mut self) -> Input {
        if std::mem::take(&mut self.more_is_ready) {
            return self.requests.try_recv().map_or(Input::Tick, |request| self.hear(request));
        }
        let now = self.parts.clock.now();
        let wake_at = if self.look { Some(now + LOOK_AGAIN) } else { self.execution.wake_at() };
        let delay = wake_at.map(|at| (at - now).to_std().unwrap_or_default());
        let timer = async {
            match delay {
                // A millisecond more, so that the clock is never before the instant when the timer fires.
                Some(delay) => tokio::time::sleep(delay + Duration::from_millis(1)).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(timer);
        loop {
            tokio::select! {
                Some(ended) = self.attempts.join_next(), if !self.attempts.is_empty() => {
                    match ended {
                        Ok(Ended::Input(input, share)) => {
                            self.hold(share);
                            return input;
                        }
                        Ok(Ended::Started) => return Input::Tick,
                        Ok(Ended::StartLater(child)) => {
                            self.called.remove(&child);
                            self.start_elsewhere = true;
                            return Input::Tick;
                        }
                        // An attempt that was aborted has nothing to say.
                        Err(_) => {}
                    }
                }
                Some(request) = self.requests.recv() => return self.hear(request),
                // Others wait for memory, and nothing is to be decided here at the moment.
                () = self.parts.budget.wanted(), if self.share.is_some() => self.close_payloads(),
                () = &mut timer => {
                    // Something may have come just before it is too late.
                    self.look = self.execution.state().plan().waits_outside;
                    return Input::Tick;
                }
                Ok(()) = self.draining.changed(), if !*self.draining.borrow() => return Input::Tick,
            }
        }
    }
}

/// Whether a step begins to wait for something outside.
fn begins_wait(event: &Event) -> bool {
    matches!(event.body, EventBody::StepWaiting { awaits: Some(_), .. })
}

/// What a request means for the machine; nothing when it only says to look.
fn input(Request { wish, reason, by }: Request) -> Option<Input> {
    Some(match wish {
        Wish::Cancel => Input::Cancel { reason, by },
        Wish::Fail => Input::Fail { reason: reason.unwrap_or(by) },
        Wish::Pause => Input::Pause { reason, by },
        Wish::Resume => Input::Unpause { reason, by },
        Wish::Look => return None,
    })
}
