//! What an executor does with one execution: decide, append, act, as the loop of `executor/execution_task.rs`.

use std::sync::Arc;

use serde_json::json;
use tidemill_common::event::{Event, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass};

use super::super::super::{Action, Execution, Input, Place, State};
use super::Random;
use super::world::{Next, World, Written};
use crate::domain::workflow::plan::Effect;

/// One execution in the hands of a node.
pub(super) struct Held {
    pub(super) execution: Execution,
    pub(super) epoch: i32,
    /// What is under way.
    pub(super) attempts: Vec<Underway>,
    more_is_ready: bool,
    /// The wishes that were passed on and not looked at yet.
    pub(super) requests: Vec<Wish>,
}

/// Something that comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Underway {
    Attempt(Place, u32),
    Report,
}

/// What an operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Cancel,
    Pause,
    Resume,
}

impl Wish {
    fn input(self) -> Input {
        let (reason, by) = (None, "ana".to_owned());
        match self {
            Self::Cancel => Input::Cancel { reason, by },
            Self::Pause => Input::Pause { reason, by },
            Self::Resume => Input::Unpause { reason, by },
        }
    }
}

/// Whether the node still has the execution after something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flow {
    GoOn,
    Stop,
}

impl Held {
    /// The fold of what is durable, in new hands.
    pub(super) fn new(world: &World, epoch: i32) -> Self {
        let state = State::fold(world.id, Arc::clone(&world.plan), &world.events).unwrap();
        Self { execution: Execution::new(state), epoch, attempts: Vec::new(), more_is_ready: false, requests: Vec::new() }
    }

    /// The first round after a claim.
    pub(super) fn take_up(&mut self, node: usize, requests: Vec<Wish>, world: &mut World) -> Flow {
        let inputs = requests.into_iter().map(Wish::input).chain([Input::Resume]).collect();
        self.round(node, inputs, world)
    }

    /// One thing that this node can do now; false when it only waits.
    pub(super) fn can_act(&self, world: &World) -> bool {
        self.more_is_ready
            || !self.attempts.is_empty()
            || !self.requests.is_empty()
            || self.execution.wake_at().is_some_and(|at| at <= world.now)
    }

    /// Something comes back, a wish arrives, or a timer fires.
    pub(super) fn act(&mut self, node: usize, random: &mut Random, world: &mut World) -> Flow {
        let input = if std::mem::take(&mut self.more_is_ready) {
            self.requests.pop().map_or(Input::Tick, Wish::input)
        } else if !self.requests.is_empty() && random.percent(50) {
            self.requests.remove(0).input()
        } else if self.execution.wake_at().is_some_and(|at| at <= world.now) || self.attempts.is_empty() {
            self.requests.pop().map_or(Input::Tick, Wish::input)
        } else {
            let at = random.below(self.attempts.len());
            came_back(self.attempts.swap_remove(at), random, world.id)
        };
        self.round(node, vec![input], world)
    }

    fn round(&mut self, node: usize, inputs: Vec<Input>, world: &mut World) -> Flow {
        world.decisions += 1;
        let actions: Vec<_> = inputs.into_iter().flat_map(|input| self.execution.decide(input, world.now)).collect();
        for action in actions {
            if self.carry_out(node, action, world) == Flow::Stop {
                return Flow::Stop;
            }
        }
        self.settle(node, world)
    }

    fn carry_out(&mut self, node: usize, action: Action, world: &mut World) -> Flow {
        match action {
            Action::StopAll => self.attempts.clear(),
            Action::GoOn => self.more_is_ready = true,
            Action::Report(_) => {
                if self.execution.has_events() && self.append(node, Next::Keep, world) == Flow::Stop {
                    return Flow::Stop;
                }
                self.attempts.push(Underway::Report);
            }
            Action::Run(run) => {
                let at_most_once = world.plan.steps[run.place.step].effect == Effect::AtMostOnce;
                if at_most_once && self.execution.has_events() && self.append(node, Next::Keep, world) == Flow::Stop {
                    return Flow::Stop;
                }
                if at_most_once {
                    world.oracle.calls_after_commit(run.place, run.attempt);
                }
                world.oracle.called(run.place, run.attempt, self.epoch, world.losses);
                self.attempts.push(Underway::Attempt(run.place, run.attempt));
            }
            other @ Action::Call(_) => panic!("the simulator does not know {other:?}"),
        }
        Flow::GoOn
    }

    fn settle(&mut self, node: usize, world: &mut World) -> Flow {
        if self.execution.state().end.is_some() {
            self.attempts.clear();
            return self.append(node, Next::End, world);
        }
        let busy = self.more_is_ready || !self.attempts.is_empty();
        let until = self.execution.wake_at();
        let short = until.is_some_and(|at| at - world.now <= chrono::TimeDelta::seconds(1));
        let rests = !busy && (!short || world.draining == Some(node));
        match (rests, self.execution.has_events()) {
            (true, true) => self.append(node, Next::Release(until), world),
            (true, false) => {
                let paused = self.execution.state().status() == ExecutionStatus::Paused;
                world.rest(node, self.epoch, until, paused);
                Flow::Stop
            }
            (false, true) => self.append(node, Next::Keep, world),
            (false, false) => Flow::GoOn,
        }
    }

    fn append(&mut self, node: usize, next: Next, world: &mut World) -> Flow {
        let (events, status): (Vec<Event>, _) = (self.execution.take_events(), self.execution.state().status());
        match world.append(node, self.epoch, &events, (next, status)) {
            Written::Committed if matches!(next, Next::Keep) => {
                let (durable, mine) = (&world.oracle.state, self.execution.state());
                assert_eq!(
                    (durable.seq, &durable.steps),
                    (mine.seq, &mine.steps),
                    "what is held is the fold of what is durable"
                );
                Flow::GoOn
            }
            _ => Flow::Stop,
        }
    }
}

/// What comes of something that was under way.
fn came_back(underway: Underway, random: &mut Random, id: ExecutionId) -> Input {
    match underway {
        Underway::Report if random.percent(50) => Input::Reported(Ok(id)),
        Underway::Report => Input::Reported(Err("there is no such workflow".to_owned())),
        Underway::Attempt(place, attempt) => {
            let class = [FailureClass::User, FailureClass::Infrastructure, FailureClass::Timeout][random.below(3)];
            let result = if random.percent(75) { Ok(json!({"status": 200})) } else { Err(StepError::new(class, "broken")) };
            Input::StepEnded { place, attempt, result, log: String::new() }
        }
    }
}
