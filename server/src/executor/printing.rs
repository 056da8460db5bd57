//! What the code of attempts under way has printed: kept when they are stopped before their end.

use super::execution_task::ExecutionTask;
use crate::domain::execution::{Action, Input, Place};
use crate::domain::workflow::plan::Work;
use crate::runner::code::Printed;

/// The attempts of one execution whose code may have printed something.
#[derive(Debug, Default)]
pub(super) struct Printing(Vec<(Place, u32, Printed)>);

impl Printing {
    /// An attempt begins: where its code is to show what it prints. Only code prints.
    pub(super) fn begin(&mut self, place: Place, attempt: u32, work: &Work) -> Option<Printed> {
        let Work::Code(_) = work else { return None };
        let printed = Printed::default();
        self.0.push((place, attempt, printed.clone()));
        Some(printed)
    }

    /// The attempt at `place` has ended, and says itself what it printed.
    pub(super) fn ended(&mut self, place: Place) {
        self.0.retain(|(other, ..)| *other != place);
    }

    /// Everything that was printed and not told yet.
    pub(super) fn take(&mut self) -> Vec<Input> {
        let told = self.0.drain(..).map(|(place, attempt, printed)| Input::Printed { place, attempt, log: printed.take() });
        told.collect()
    }
}

impl ExecutionTask {
    /// Decides about `input`, and before it about what attempts have printed that it stops.
    pub(super) async fn hear_out(&mut self, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match &input {
            Input::StepEnded { place, .. } => self.printing.ended(*place),
            other if self.execution.stops_attempts(other, self.parts.clock.now()) => {
                for printed in self.printing.take() {
                    actions.extend(self.decide(printed).await);
                }
            }
            _ => {}
        }
        actions.extend(self.decide(input).await);
        actions
    }
}
