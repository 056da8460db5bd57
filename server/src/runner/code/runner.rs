//! Runs code steps, and answers why one can't be run.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tidemill_common::event::StepError;
use tidemill_common::limits::{
    CODE_BYTES, CODE_INPUT_BYTES, CODE_LOG_BYTES, CODE_MEMORY_BYTES, CODE_OUTPUT_BYTES, CODE_SECONDS,
};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{Attestation, Failure, Job, Language, Level, Spawn, THREW_NULL};
use tokio::sync::Semaphore;

use super::child::{Answer, Trace};
use super::host::Program;
use super::pool::{Pool, Ready, Status};
use super::verdict::verdict;

/// How long a step waits for the first step host to get warm.
const WARM_UP: Duration = Duration::from_secs(30);

/// How code steps are run on this node.
#[derive(Debug, Clone)]
pub struct CodeOptions {
    /// The binary that has the command `step-host`: this one.
    pub binary: PathBuf,
    /// Below this level code steps are refused.
    pub minimum_level: Level,
    /// What a step may take at most; also what it may take when it says nothing.
    pub limits: CodeLimits,
    /// Steps that run at the same time; more wait.
    pub concurrency: usize,
    /// Children that wait for a job, warm and locked up.
    pub reserve: usize,
    /// Whether `open`, `eval` and imports are refused by name. Only tests switch this off, to attack what is behind it.
    pub language_layer: bool,
}

impl CodeOptions {
    /// The defaults, with the step host in `binary`.
    #[must_use]
    pub fn new(binary: PathBuf) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            binary,
            minimum_level: Level::L2,
            limits: CodeLimits::default(),
            concurrency: cores * 4,
            reserve: cores * 2,
            language_layer: true,
        }
    }
}

/// What one step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimits {
    /// Time on the clock. Processor time is bounded by the same.
    pub time: Duration,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Output, in bytes of JSON.
    pub output_bytes: u64,
    /// Log, in bytes.
    pub log_bytes: u64,
}

impl Default for CodeLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(CODE_SECONDS),
            memory_bytes: CODE_MEMORY_BYTES,
            output_bytes: CODE_OUTPUT_BYTES as u64,
            log_bytes: CODE_LOG_BYTES as u64,
        }
    }
}

impl CodeLimits {
    /// The smaller of both, one by one.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            time: self.time.min(other.time),
            memory_bytes: self.memory_bytes.min(other.memory_bytes),
            output_bytes: self.output_bytes.min(other.output_bytes),
            log_bytes: self.log_bytes.min(other.log_bytes),
        }
    }

    /// Processor time in whole seconds, a little later than the clock: the clock gives the better message.
    fn cpu_seconds(self) -> u64 {
        self.time.as_secs() + 2
    }
}

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

/// How well steps are locked up here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxStatus {
    /// The level that was measured; `L0` when there is no step host.
    pub level: Level,
    /// The level that is asked for.
    pub minimum: Level,
    /// What was tried, when the step host runs.
    pub attestation: Option<Attestation>,
    /// Version of the Python inside, when the step host runs.
    pub python: Option<String>,
    /// Process of the step host, when it runs.
    pub pid: Option<u32>,
    /// Why there is no step host.
    pub problem: Option<String>,
}

impl SandboxStatus {
    /// Whether code steps are run.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.attestation.is_some() && self.level >= self.minimum && self.level > Level::L0
    }
}

/// Runs code steps. Cheap to clone; the last clone ends the step host.
#[derive(Clone)]
pub struct CodeRunner(Arc<Inner>);

struct Inner {
    options: CodeOptions,
    pool: Arc<Pool>,
    turns: Semaphore,
    keeper: tokio::task::JoinHandle<()>,
}

impl fmt::Debug for CodeRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeRunner").field("options", &self.0.options).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl CodeRunner {
    /// Starts a step host in the background. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(options: CodeOptions) -> Self {
        let arguments = if options.language_layer { Vec::new() } else { vec!["--without-language-layer".to_owned()] };
        let program = Program { binary: options.binary.clone(), arguments };
        let pool = Arc::new(Pool::new(program, spawn(options.limits), options.reserve));
        let keeper = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.keep().await }
        });
        let turns = Semaphore::new(options.concurrency);
        Self(Arc::new(Inner { options, pool, turns, keeper }))
    }

    /// How well steps are locked up here. Waits for the first step host.
    pub async fn status(&self) -> SandboxStatus {
        let mut known = self.0.pool.status();
        let status = tokio::time::timeout(WARM_UP, known.wait_for(Option::is_some)).await;
        self.describe(status.ok().and_then(Result::ok).and_then(|status| status.clone()))
    }

    /// The same, without waiting.
    #[must_use]
    pub fn status_now(&self) -> SandboxStatus {
        let status = self.0.pool.status().borrow().clone();
        self.describe(status)
    }

    fn describe(&self, status: Option<Status>) -> SandboxStatus {
        let minimum = self.0.options.minimum_level;
        let nothing = SandboxStatus { level: Level::L0, minimum, attestation: None, python: None, pid: None, problem: None };
        match status {
            None => SandboxStatus { problem: Some("the step host is not warm yet".to_owned()), ..nothing },
            Some(Status::Failed(problem)) => SandboxStatus { problem: Some(problem), ..nothing },
            Some(Status::Attested { attestation, python, pid }) => {
                SandboxStatus { level: attestation.level, attestation: Some(attestation), python: Some(python), pid, ..nothing }
            }
        }
    }

    /// Runs `code` with `input`. Dropping the future ends the step.
    pub async fn run(&self, language: Language, code: &str, input: &Value, limits: CodeLimits) -> CodeOutcome {
        let limits = limits.at_most(self.0.options.limits);
        let mut outcome =
            CodeOutcome { result: Ok(Value::Null), log: String::new(), duration: Duration::ZERO, peak_memory_bytes: None };
        let input = match serde_json::to_vec(input) {
            Ok(input) if input.len() <= CODE_INPUT_BYTES && code.len() <= CODE_BYTES => input,
            _ => {
                outcome.result = Err(StepError::new(FailureClass::User, too_long(code)));
                return outcome;
            }
        };
        let job = job(language, code, limits, false);
        let (mut ready, _turn) = match self.child().await {
            Ok(child) => child,
            Err(error) => {
                outcome.result = Err(error);
                return outcome;
            }
        };
        let (started, mut trace) = (Instant::now(), Trace::default());
        let answer = tokio::time::timeout(limits.time, ready.child.work(&job, &input, &mut trace)).await;
        outcome.duration = started.elapsed();
        outcome.result = answer.map_or_else(|_| Err(timed_out(limits)), |answer| judged(answer, limits));
        outcome.log = trace.log;
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
    pub async fn check(&self, language: Language, code: &str) -> Result<(), Failure> {
        if code.len() > CODE_BYTES {
            return Err(Failure::new(FailureClass::User, too_long(code)));
        }
        let limits = CodeLimits { time: Duration::from_secs(5), ..CodeLimits::default() }.at_most(self.0.options.limits);
        let job = job(language, code, limits, true);
        let said = |error: StepError| Failure::new(error.class, error.message);
        let (mut ready, _turn) = self.child().await.map_err(said)?;
        let mut trace = Trace::default();
        match tokio::time::timeout(limits.time, ready.child.work(&job, b"null", &mut trace)).await {
            Err(_) => Err(said(timed_out(limits))),
            Ok(Answer::Failed(failure)) => Err(Failure { class: class_of(&failure), ..failure }),
            Ok(answer) => judged(answer, limits).map(drop).map_err(said),
        }
    }

    async fn child(&self) -> Result<(Ready, tokio::sync::SemaphorePermit<'_>), StepError> {
        let status = self.status().await;
        if !status.is_enough() {
            return Err(refused(&status));
        }
        let unavailable = |message: String| StepError::new(FailureClass::SandboxUnavailable, message);
        let turn = self.0.turns.acquire().await.map_err(|_| unavailable("the server is stopping".to_owned()))?;
        let ready = self.0.pool.take().await.map_err(|error| unavailable(error.to_string()))?;
        Ok((ready, turn))
    }
}

fn spawn(limits: CodeLimits) -> Spawn {
    Spawn { memory_bytes: limits.memory_bytes, cpu_seconds: limits.cpu_seconds(), attest: false }
}

fn job(language: Language, code: &str, limits: CodeLimits, check_only: bool) -> Job {
    Job {
        language,
        code: code.to_owned(),
        check_only,
        memory_bytes: limits.memory_bytes,
        cpu_seconds: limits.cpu_seconds(),
        output_bytes: limits.output_bytes,
        log_bytes: limits.log_bytes,
    }
}

fn judged(answer: Answer, limits: CodeLimits) -> Result<Value, StepError> {
    match answer {
        Answer::Output(output) => Ok(output),
        Answer::Failed(failure) => Err(StepError::new(class_of(&failure), failure.message)),
        Answer::TooLarge => {
            let message = format!("the output is larger than {} bytes of JSON, or nested too deeply", limits.output_bytes);
            Err(StepError::new(FailureClass::ResultTooLarge, message))
        }
        Answer::Nonsense => Err(StepError::new(FailureClass::CodeError, "the step wrote to the channel of its interpreter")),
        Answer::Ended(exit) => Err(verdict(exit)),
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

fn refused(status: &SandboxStatus) -> StepError {
    let SandboxStatus { level, minimum, .. } = status;
    let fallen = status.attestation.iter().flat_map(|attestation| &attestation.walls).filter(|wall| !wall.holds);
    let fallen: Vec<String> = fallen.map(|wall| format!("{}: {}", wall.name, wall.detail)).collect();
    let why = status.problem.clone().unwrap_or_else(|| fallen.join("; "));
    let message = format!("this server runs no code steps: their sandbox reaches {level}, and {minimum} is asked for ({why})");
    StepError::new(FailureClass::SandboxUnavailable, message)
}
