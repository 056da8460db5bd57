//! Runs code steps, and answers why one can't be run.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::limits::{CODE_BYTES, CODE_INPUT_BYTES};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Failure, Job, Spawn, THREW_NULL};
use tokio::sync::Semaphore;

use super::child::{Answer, Trace};
use super::engine::Engine;
use super::groups;
use super::host::Program;
use super::limits::CodeLimits;
use super::options::CodeOptions;
use super::pool::{Pool, Ready};
use super::printed::Printed;
use super::status::SandboxStatus;
use super::verdict::verdict;

/// How long a step waits for the first step host to get warm.
const WARM_UP: Duration = Duration::from_secs(30);
/// Why a step that asks for Node.js is refused where it is not allowed.
const NO_NODE: &str = "this server runs no code with `runtime: node`: its operator has not set code_node";

/// What running a step gave.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeOutcome {
    /// The output, or why there is none.
    pub result: Result<Value, StepError>,
    /// What it printed.
    pub log: String,
    /// How long it took, from handing it the job to its answer.
    pub duration: Duration,
    /// Most memory beyond that of the waiting child, in bytes; `None` when it ended without saying so.
    pub peak_memory_bytes: Option<u64>,
}

/// Runs code steps. Cheap to clone; the last clone ends the step host.
#[derive(Clone)]
pub struct CodeRunner(Arc<Inner>);

struct Inner {
    options: CodeOptions,
    inside: Kept,
    node: Option<Kept>,
    turns: Semaphore,
}

/// A pool, and the task that keeps it filled.
struct Kept {
    pool: Arc<Pool>,
    keeper: tokio::task::JoinHandle<()>,
}

impl Kept {
    fn start(pool: Pool) -> Self {
        let pool = Arc::new(pool);
        let keeper = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.keep().await }
        });
        Self { pool, keeper }
    }
}

impl fmt::Debug for CodeRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeRunner").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl CodeRunner {
    /// Starts a step host in the background. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(options: CodeOptions) -> Self {
        let program = |arguments| Program { binary: options.binary.clone(), arguments };
        let metrics = options.metrics.clone();
        let groups = groups::prepare();
        let inside = program(options.inside_arguments(&groups));
        let inside = Kept::start(Pool::new(inside, spawn(options.limits), options.reserve, Some(metrics.clone())));
        let node = options.node.as_ref().map(|node| program(options.node_arguments(node, &groups)));
        let node = node.map(|node| Kept::start(Pool::new(node, spawn(options.limits), 0, None)));
        let turns = Semaphore::new(options.concurrency);
        Self(Arc::new(Inner { options, inside, node, turns }))
    }

    /// What a step may take at most.
    #[must_use]
    pub fn most(&self) -> CodeLimits {
        self.0.options.limits
    }

    /// How well steps are locked up here. Waits for the first step host.
    pub async fn status(&self) -> SandboxStatus {
        self.known(&self.0.inside.pool).await
    }

    /// The same for steps that Node.js runs; `None` where the operator doesn't allow it.
    pub async fn node_status(&self) -> Option<SandboxStatus> {
        Some(self.known(&self.0.node.as_ref()?.pool).await)
    }

    /// Both, without waiting.
    #[must_use]
    pub fn status_now(&self) -> (SandboxStatus, Option<SandboxStatus>) {
        let now = |kept: &Kept| SandboxStatus::of(kept.pool.status().borrow().clone(), self.0.options.minimum_level);
        (now(&self.0.inside), self.0.node.as_ref().map(now))
    }

    async fn known(&self, pool: &Pool) -> SandboxStatus {
        let mut known = pool.status();
        let status = tokio::time::timeout(WARM_UP, known.wait_for(Option::is_some)).await;
        let status = status.ok().and_then(Result::ok).and_then(|status| status.clone());
        SandboxStatus::of(status, self.0.options.minimum_level)
    }

    /// Runs `code` with `input`. Dropping the future ends the step.
    pub async fn run(&self, engine: impl Into<Engine>, code: &str, input: &Value, limits: CodeLimits) -> CodeOutcome {
        self.run_shown(engine, (code, input), limits, &Printed::default()).await
    }

    /// The same; what the code prints stands in `printed` while it runs, until it is in the outcome.
    pub async fn run_shown(
        &self,
        engine: impl Into<Engine>,
        (code, input): (&str, &Value),
        limits: CodeLimits,
        printed: &Printed,
    ) -> CodeOutcome {
        let engine = engine.into();
        let outcome = self.run_within(engine, (code, input), limits.at_most(self.most()), printed).await;
        let class = outcome.result.as_ref().err().map(|error| error.class);
        self.0.options.metrics.ran(engine.as_str(), class, outcome.duration);
        outcome
    }

    async fn run_within(
        &self,
        engine: Engine,
        (code, input): (&str, &Value),
        limits: CodeLimits,
        printed: &Printed,
    ) -> CodeOutcome {
        let mut outcome =
            CodeOutcome { result: Ok(Value::Null), log: String::new(), duration: Duration::ZERO, peak_memory_bytes: None };
        let input = match serde_json::to_vec(input) {
            Ok(input) if input.len() <= CODE_INPUT_BYTES && code.len() <= CODE_BYTES => input,
            _ => {
                outcome.result = Err(StepError::new(FailureClass::User, too_long(code)));
                return outcome;
            }
        };
        let job = job(engine, code, limits, false);
        let (mut ready, _turn) = match self.child(engine, limits).await {
            Ok(child) => child,
            Err(error) => {
                outcome.result = Err(error);
                return outcome;
            }
        };
        let (started, mut trace) = (Instant::now(), Trace { log: printed.clone(), usage: None });
        let answer = tokio::time::timeout(limits.time, ready.child.work(&job, &input, &mut trace)).await;
        outcome.duration = started.elapsed();
        outcome.result = answer.map_or_else(|_| Err(timed_out(limits)), |answer| judged(engine, answer, limits));
        outcome.log = trace.log.take();
        outcome.peak_memory_bytes = trace.usage.map(|usage| usage.peak_memory_bytes);
        let full = outcome.peak_memory_bytes.is_some_and(|peak| peak >= limits.memory_bytes / 2);
        if let Err(error) = &mut outcome.result
            && full
            && error.message == THREW_NULL
        {
            *error = StepError::new(FailureClass::OutOfMemory, "no memory was left, not even for an error");
        }
        outcome
    }

    /// Compiles `code` without running it: a failure with its place, when it is no code.
    pub async fn check(&self, engine: impl Into<Engine>, code: &str) -> Result<(), Failure> {
        let engine = engine.into();
        if code.len() > CODE_BYTES {
            return Err(Failure::new(FailureClass::User, too_long(code)));
        }
        let limits = CodeLimits { time: Duration::from_secs(5), ..CodeLimits::default() }.at_most(self.most());
        let job = job(engine, code, limits, true);
        let said = |error: StepError| Failure::new(error.class, error.message);
        let (mut ready, _turn) = self.child(engine, limits).await.map_err(said)?;
        let mut trace = Trace::default();
        match tokio::time::timeout(limits.time, ready.child.work(&job, b"null", &mut trace)).await {
            Err(_) => Err(said(timed_out(limits))),
            Ok(Answer::Failed(failure)) => Err(Failure { class: class_of(&failure), ..failure }),
            Ok(answer) => judged(engine, answer, limits).map(drop).map_err(said),
        }
    }

    /// Whether the operator lets `engine` run code at all; why not, if so. No level of the sandbox changes that.
    pub fn allows(&self, engine: Engine) -> Result<(), &'static str> {
        self.kept(engine).map(drop)
    }

    fn kept(&self, engine: Engine) -> Result<&Kept, &'static str> {
        match engine {
            Engine::Inside(_) => Ok(&self.0.inside),
            Engine::Node => self.0.node.as_ref().ok_or(NO_NODE),
        }
    }

    async fn child(&self, engine: Engine, limits: CodeLimits) -> Result<(Ready, tokio::sync::SemaphorePermit<'_>), StepError> {
        let unavailable = |message: String| StepError::new(FailureClass::SandboxUnavailable, message);
        let pool = &self.kept(engine).map_err(|why| unavailable(why.to_owned()))?.pool;
        let status = self.known(pool).await;
        if !status.is_enough() {
            return Err(status.refusal());
        }
        let turn = self.0.turns.acquire().await.map_err(|_| unavailable("the server is stopping".to_owned()))?;
        let ready = pool.take(spawn(limits)).await.map_err(|error| unavailable(error.to_string()))?;
        Ok((ready, turn))
    }
}

fn spawn(limits: CodeLimits) -> Spawn {
    Spawn { memory_bytes: limits.memory_bytes, cpu_seconds: limits.cpu_seconds(), attest: false }
}

fn job(engine: Engine, code: &str, limits: CodeLimits, check_only: bool) -> Job {
    Job {
        language: engine.language(),
        code: code.to_owned(),
        check_only,
        memory_bytes: limits.memory_bytes,
        cpu_seconds: limits.cpu_seconds(),
        output_bytes: limits.output_bytes,
        log_bytes: limits.log_bytes,
    }
}

fn judged(engine: Engine, answer: Answer, limits: CodeLimits) -> Result<Value, StepError> {
    match answer {
        Answer::Output(output) => Ok(output),
        Answer::Failed(failure) => Err(StepError::new(class_of(&failure), failure.message)),
        Answer::TooLarge => {
            let message = format!("the output is larger than {} bytes of JSON, or nested too deeply", limits.output_bytes);
            Err(StepError::new(FailureClass::ResultTooLarge, message))
        }
        Answer::Nonsense => Err(StepError::new(FailureClass::CodeError, "the step wrote to the channel of its interpreter")),
        Answer::Ended(exit) => Err(verdict(engine, exit)),
    }
}

/// The class of a failure that a child told us: only those that it can know. User code can tell anything.
fn class_of(failure: &Failure) -> FailureClass {
    match failure.class {
        class @ (FailureClass::OutOfMemory | FailureClass::SandboxDenied | FailureClass::ResultTooLarge) => class,
        _ => FailureClass::CodeError,
    }
}

fn timed_out(limits: CodeLimits) -> StepError {
    let message = format!("the step took longer than the {} s that it may take", limits.time.as_secs_f64());
    StepError::new(FailureClass::Timeout, message)
}

fn too_long(code: &str) -> String {
    if code.len() > CODE_BYTES {
        return format!("the code is longer than {CODE_BYTES} bytes");
    }
    format!("the input of the step is larger than {CODE_INPUT_BYTES} bytes of JSON; give it only what it needs")
}
