//! The first decision about an execution, made before it is admitted.
//!
//! Steps without effects may be evaluated before anything is durable: nothing is lost if the admission fails. So the first
//! decision is part of the admission, and an execution that does nothing but evaluate is one commit from its first event to
//! its last.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::event::Event;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::execution_task::{NEVER, SHORT_WAIT};
use crate::budget::Share;
use crate::domain::execution::{Action, Execution, Input, Open, State};
use crate::domain::payload::{Packed, PayloadLimits};
use crate::domain::workflow::plan::Plan;
use crate::journal::Next;

/// What came with an execution: its first event, and the values that the event only refers to.
#[derive(Debug)]
pub struct First {
    /// The event.
    pub event: Event,
    /// The values.
    pub open: Open,
    /// How much may become of them.
    pub limits: PayloadLimits,
}

/// An execution after its first decision.
pub struct Begun {
    pub(super) execution: Execution,
    /// What follows from the decision, once it is committed.
    pub(super) actions: Vec<Action>,
    /// The memory for the payloads that are open.
    pub(super) share: Option<Share>,
}

impl Begun {
    /// Makes the first decision about an execution of `plan` that begins with `first`. `None` when it is better made
    /// after the admission: secrets must be read before, steps wait for something outside, there is a failure to be told and kept,
    /// or the decision does not come to an end, for which an execution's own task is prepared.
    #[must_use]
    pub fn begin(id: ExecutionId, plan: &Arc<Plan>, first: First) -> Option<Self> {
        if plan.waits_outside {
            return None;
        }
        let First { event, open, limits } = first;
        let state = State::fold(id, Arc::clone(plan), std::slice::from_ref(&event)).ok()?;
        let mut execution = Execution::new(state).within(limits);
        execution.open(open);
        if execution.wants_secrets() {
            return None;
        }
        let decision = AssertUnwindSafe(|| execution.decide(Input::Resume, event.at));
        let actions = catch_unwind(decision).ok()?;
        let ended = execution.state().end.as_ref();
        let failed = ended.is_some_and(|end| end.status != ExecutionStatus::Succeeded);
        (!failed).then_some(Self { execution, actions, share: None })
    }

    /// The events of the decision, behind those with which it was admitted.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.execution.take_events()
    }

    /// The payloads that belong to those events.
    pub fn take_payloads(&mut self) -> Vec<Arc<Packed>> {
        self.execution.take_payloads()
    }

    /// Holds `share` for as long as its payloads are open.
    pub fn hold(&mut self, share: Option<Share>) {
        self.share = share;
    }

    /// Its state.
    #[must_use]
    pub fn status(&self) -> ExecutionStatus {
        self.execution.state().status()
    }

    /// What becomes of its lease at `now`: an execution that has ended, or waits for long, needs none.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Next {
        if self.execution.state().end.is_some() {
            return Next::End;
        }
        let until = self.execution.wake_at().unwrap_or(NEVER);
        if self.actions.is_empty() && until - now > SHORT_WAIT { Next::Release(until) } else { Next::Keep }
    }
}
