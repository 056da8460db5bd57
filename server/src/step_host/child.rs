//! The life of a child: lock up, read one job, run it, answer, end.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::Python;
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::{
    EXIT_NOT_LOCKED, FRAME_BYTES, Failure, FrameKind, Job, Language, Spawn, Usage, read_frame, write_frame,
};

use super::jail::{self, Jail};
use super::log::Log;
use super::outcome::{Outcome, within};
use super::python::Interpreter;
use super::{javascript, sql};

/// Exit code of a child whose channel failed: the server is gone, or has no interest any more.
const EXIT_CHANNEL: i32 = 98;

/// Lives the life of a child. Never returns into the step host.
pub(super) fn run(py: Python<'_>, jail: &Jail, interpreter: &Interpreter, spawn: &Spawn, stream: OwnedFd) -> ! {
    // As a file: a socket's own interface makes calls that the filter refuses.
    let stream = Arc::new(File::from(stream));
    let lived = catch_unwind(AssertUnwindSafe(|| {
        if spawn.attest {
            return attest(jail, spawn, &stream);
        }
        jail.lock_down(spawn, &*stream).map_err(|_| EXIT_NOT_LOCKED)?;
        serve(py, interpreter, spawn, &stream).map_err(|_| EXIT_CHANNEL)
    }));
    jail::exit(match lived {
        Ok(Ok(())) => 0,
        Ok(Err(code)) => code,
        Err(_) => EXIT_CHANNEL,
    })
}

/// Tries the walls and says which hold. The error is an exit code.
pub(super) fn attest(jail: &Jail, spawn: &Spawn, stream: &File) -> Result<(), i32> {
    let attestation = jail.attest(spawn, stream).map_err(|_| EXIT_NOT_LOCKED)?;
    let attestation = serde_json::to_vec(&attestation).map_err(|_| EXIT_CHANNEL)?;
    write_frame(&mut &*stream, FrameKind::Attestation, &attestation).map_err(|_| EXIT_CHANNEL)
}

fn serve(py: Python<'_>, interpreter: &Interpreter, spawn: &Spawn, stream: &Arc<File>) -> io::Result<()> {
    let mut channel = &**stream;
    let job: Job = serde_json::from_slice(&read_frame(&mut channel, FrameKind::Job, FRAME_BYTES)?)?;
    let born_with = jail::peak_memory();
    let input = read_frame(&mut channel, FrameKind::Input, FRAME_BYTES)?;
    jail::lower_limits(spawn.memory_bytes.saturating_sub(job.memory_bytes), job.cpu_seconds)?;
    let log = Arc::new(Mutex::new(Log::new(Arc::clone(stream), job.log_bytes)));
    let outcome = catch_unwind(AssertUnwindSafe(|| execute(py, interpreter, &job, input, &log)));
    let outcome = outcome.unwrap_or_else(|_| Err(Failure::new(FailureClass::CodeError, "the step made the interpreter fail")));
    log.lock().unwrap_or_else(PoisonError::into_inner).flush();
    let usage = Usage { peak_memory_bytes: jail::peak_memory().saturating_sub(born_with) };
    write_frame(&mut channel, FrameKind::Usage, &serde_json::to_vec(&usage)?)?;
    match outcome {
        Ok(output) => write_frame(&mut channel, FrameKind::Output, &output),
        Err(failure) => write_frame(&mut channel, FrameKind::Failed, &serde_json::to_vec(&failure)?),
    }
}

fn execute(py: Python<'_>, interpreter: &Interpreter, job: &Job, input: Vec<u8>, log: &Arc<Mutex<Log>>) -> Outcome {
    let output = match job.language {
        Language::Python => interpreter.run(py, job, &input, log),
        Language::Javascript => javascript::run(job, input, log, interpreter.language_layer()),
        Language::Sql => sql::run(job, &input),
    }?;
    within(output, job.output_bytes)
}
