//! Begins attempts of steps, with all that they may know and take.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use tidemill_common::event::StepError;
use tidemill_common::status::FailureClass;

use super::code_most::code_most;
use super::execution_task::{Ended, ExecutionTask};
use crate::domain::execution::{Input, Place, RunStep};
use crate::domain::trace::TraceContext;
use crate::runner::code::CodeLimits;
use crate::runner::{Outcome, StepContext};
use crate::store;

impl ExecutionTask {
    /// Begins an attempt; how it ends comes back to the loop.
    pub(super) fn start_attempt(&mut self, run: RunStep) {
        let RunStep { place, attempt, with, credential } = run;
        let step = place.step;
        let plan = Arc::clone(self.execution.state().plan());
        let (parts, workspace) = (Arc::clone(&self.parts), self.lease.workspace_id);
        let mut context = StepContext {
            execution_id: self.lease.execution_id,
            step: Arc::clone(&plan.steps[step].id),
            iteration: place.iteration.unwrap_or(0),
            attempt,
            timeout: plan.steps[step].timeout,
            credential,
            printed: self.printing.begin(place, attempt, &plan.steps[step].work),
            trace: self.trace(place, attempt),
            code_most: CodeLimits::NONE,
        };
        self.attempts.spawn(async move {
            let work = async {
                let work = &plan.steps[step].work;
                match code_most(&parts.database, workspace, work, context.timeout).await {
                    Ok(most) => context.code_most = most,
                    Err(error) => return Outcome::failed(unreadable(&error)),
                }
                match parts.with_files(workspace, with).await {
                    // The memory for the files is held until the attempt has ended.
                    Ok((with, _files)) => parts.runner.run(work, with, context).await,
                    Err(error) => Outcome::failed(error),
                }
            };
            let work = AssertUnwindSafe(work);
            let Outcome { result, log, share, code_time } =
                futures_util::FutureExt::catch_unwind(work).await.unwrap_or_else(|_| {
                    let message = "the step failed by a fault of the server; see its log";
                    Outcome::failed(StepError::new(FailureClass::Infrastructure, message))
                });
            parts.code_meter.add(workspace, code_time);
            Ended::Input(Input::StepEnded { place, attempt, result, log }, share)
        });
    }

    /// Where what the attempt calls belongs in the trace, if there is one.
    fn trace(&self, place: Place, attempt: u32) -> Option<TraceContext> {
        let sampling = self.parts.traces?;
        let (id, state) = (self.lease.execution_id, self.execution.state());
        let whole = TraceContext::of_execution(id, state.origin.as_ref(), sampling);
        Some(whole.attempt(id, &state.plan().steps[place.step].id, place.iteration, attempt))
    }
}

fn unreadable(error: &store::Error) -> StepError {
    StepError::new(FailureClass::Infrastructure, format!("what the plan gives a code step can't be read: {error}"))
}
