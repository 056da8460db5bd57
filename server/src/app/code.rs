//! Code: tried out by itself, and checked when a workflow is saved. It runs in the step host only.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tidemill_common::api::code::{CodeExecute, CodeExecuted, CodeStatus};
use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::limits::CODE_MEMORY_MIB_LEAST;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::Language;
use tokio::sync::Semaphore;

use super::Error;
use super::access::authorize;
use super::engine::EngineError;
use crate::auth::{Caller, Operation};
use crate::domain::workflow::plan::{CodeAsks, Plan};
use crate::domain::workflow::{code_asks_too_much, code_problem, code_unchecked};
use crate::executor::planned;
use crate::runner::code::{CodeLimits, CodeRunner, Engine};
use crate::store::Database;

/// Pieces of code that are tried out at the same time on this node; steps of executions come first.
const AT_ONCE: usize = 4;

/// Code that is tried out.
#[derive(Debug, Clone)]
pub struct Code {
    database: Database,
    runner: CodeRunner,
    room: Arc<Semaphore>,
}

impl Code {
    /// Code run by `runner`, for organizations in `database`.
    pub fn new(database: Database, runner: CodeRunner) -> Self {
        Self { database, runner, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Runs a piece of code as a step would.
    pub async fn execute(&self, caller: &Caller, request: CodeExecute) -> Result<CodeExecuted, Error> {
        authorize(caller, Operation::CodeExecute)?;
        let Ok(_turn) = self.room.try_acquire() else { return Err(EngineError::Overloaded { retry_after: 1 }.into()) };
        if request.runtime.is_some() && request.language != Language::Javascript {
            return Err(Error::Invalid("`runtime` has a meaning for JavaScript only: leave it out".to_owned()));
        }
        let time =
            request.timeout_ms.map_or(CodeLimits::default().time, |milliseconds| Duration::from_millis(milliseconds.max(1)));
        let memory_bytes = request.memory_mib.map(|mebibytes| u64::from(mebibytes.max(CODE_MEMORY_MIB_LEAST)) << 20);
        let asked = CodeLimits::asked(time, CodeAsks { memory_bytes, ..CodeAsks::default() });
        let limits = asked.at_most(planned(&self.database, caller.workspace, asked).await?);
        let input = request.input.unwrap_or(Value::Null);
        let engine = Engine::of(request.language, request.runtime.unwrap_or_default());
        self.runner.allows(engine).map_err(Error::RuntimeNotAllowed)?;
        let outcome = self.runner.run(engine, &request.code, &input, limits).await;
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

/// Compiles all code of `plan`, that of its steps and of its conditions, which `source` gave, and compares what each asks for with what this server
/// and the organization's plan (`by_plan`) give. Where code can't be run it can't be checked either: the file is taken, and the answer warns of it.
pub(super) async fn check(
    runner: &CodeRunner,
    source: &str,
    plan: &Plan,
    by_plan: CodeLimits,
) -> Result<Vec<Diagnostic>, Error> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    for (path, work, timeout) in plan.code() {
        let here = runner.most().exceeded_by(timeout, work.asks);
        problems.extend(here.iter().map(|more| code_asks_too_much(source, &path, work, ("this server", more))));
        let by_plan = by_plan.exceeded_by(timeout, work.asks);
        let by_plan = by_plan.iter().filter(|(field, _)| here.iter().all(|(other, _)| other != field));
        problems.extend(by_plan.map(|more| code_asks_too_much(source, &path, work, ("your plan", more))));
        match runner.check(Engine::of(work.language, work.runtime), work.code()).await {
            Err(failure) if failure.class == FailureClass::SandboxUnavailable => {
                warnings.push(code_unchecked(source, &path, work, &failure.message));
            }
            Err(failure) => problems.push(code_problem(source, &path, work, &failure)),
            Ok(()) => {}
        }
    }
    if problems.is_empty() { Ok(warnings) } else { Err(Error::WorkflowInvalid(problems)) }
}

/// The most that the code of `plan` may take by the plan of the caller's organization.
pub(super) async fn by_plan(database: &Database, caller: &Caller, plan: &Plan) -> Result<CodeLimits, Error> {
    let mut asked = plan.code().map(|(_, work, timeout)| CodeLimits::asked(timeout, work.asks));
    match asked.find(|asked| !asked.is_usual()) {
        Some(asked) => Ok(planned(database, caller.workspace, asked).await?),
        None => Ok(CodeLimits::NONE),
    }
}
