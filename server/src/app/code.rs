//! Code: tried out by itself, and checked when a workflow is saved. It runs in the step host only.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::api::code::{CodeExecute, CodeExecuted, CodeStatus};
use tidemill_common::status::FailureClass;
use tokio::sync::Semaphore;

use super::Error;
use super::access::authorize;
use super::engine::EngineError;
use crate::auth::{Caller, Operation};
use crate::domain::workflow::code_problem;
use crate::domain::workflow::plan::{Plan, Work};
use crate::runner::code::{CodeLimits, CodeRunner};

/// Pieces of code that are tried out at the same time on this node; steps of executions come first.
const AT_ONCE: usize = 4;

/// Code that is tried out.
#[derive(Debug, Clone)]
pub struct Code {
    runner: CodeRunner,
    room: Arc<Semaphore>,
}

impl Code {
    /// Code run by `runner`.
    pub fn new(runner: CodeRunner) -> Self {
        Self { runner, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Runs a piece of code as a step would.
    pub async fn execute(&self, caller: &Caller, request: CodeExecute) -> Result<CodeExecuted, Error> {
        authorize(caller, Operation::CodeExecute)?;
        let Ok(_turn) = self.room.try_acquire() else { return Err(EngineError::Overloaded { retry_after: 1 }.into()) };
        let mut limits = CodeLimits::default();
        if let Some(milliseconds) = request.timeout_ms {
            limits.time = limits.time.min(std::time::Duration::from_millis(milliseconds.max(1)));
        }
        if let Some(mebibytes) = request.memory_mib {
            limits.memory_bytes = limits.memory_bytes.min(u64::from(mebibytes) << 20);
        }
        let input = request.input.unwrap_or(Value::Null);
        let outcome = self.runner.run(request.language, &request.code, &input, limits).await;
        let (status, output, error) = match outcome.result {
            Ok(output) => (CodeStatus::Succeeded, Some(output), None),
            Err(error) if error.class == FailureClass::SandboxUnavailable => {
                return Err(Error::SandboxUnavailable(error.message));
            }
            Err(error) => (CodeStatus::Failed, None, Some(error)),
        };
        Ok(CodeExecuted {
            status,
            output,
            error,
            log: outcome.log,
            duration_ms: outcome.duration.as_secs_f64() * 1000.0,
            peak_memory_bytes: outcome.peak_memory_bytes,
        })
    }
}

/// Compiles the code of every step of `plan`, which `source` gave. Where code can't be run it can't be checked either; the
/// steps say so when they are started.
pub(super) async fn check(runner: &CodeRunner, source: &str, plan: &Plan) -> Result<(), Error> {
    let mut problems = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Work::Code(work) = &step.work else { continue };
        match runner.check(work.language, work.code()).await {
            Err(failure) if failure.class == FailureClass::SandboxUnavailable => {
                tracing::warn!(step = %step.id, reason = failure.message, "the code of a step was saved without being checked");
                break;
            }
            Err(failure) => problems.push(code_problem(source, &plan.path(index), work, &failure)),
            Ok(()) => {}
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::WorkflowInvalid(problems)) }
}
