//! `tidemill step-host`: the process that runs user code, and nothing else.
//!
//! It is the same binary, started by the server with an empty environment and one descriptor: the control channel, as standard
//! input. It has one thread, no secret, no database, no network. [`run`] warms `CPython` up, walls itself in, and then forks
//! one child per step; the child locks itself up before it reads its job (see `jail`), runs it in `python`, `javascript` or
//! `sql`, answers and ends. Nothing of the server is used here, and nothing of this by the server.

mod channel;
mod child;
mod jail;
mod javascript;
mod log;
mod node;
mod outcome;
mod python;
mod sql;
mod zygote;

use std::path::PathBuf;
use std::process::ExitCode;

/// `tidemill step-host`. The server starts it; people have no use for it.
#[derive(Debug, Clone, clap::Args)]
pub struct StepHostArgs {
    /// Switches off what refuses `open`, `eval` and imports by name, so that tests attack the kernel's walls alone
    #[arg(long)]
    pub without_language_layer: bool,
    /// Directory with the standard library of Python, where the binary carries its own
    #[arg(long, value_name = "DIR")]
    pub python_home: Option<PathBuf>,
    /// Directory of the control group below which each step gets one
    #[arg(long, value_name = "DIR")]
    pub control_groups: Option<PathBuf>,
    /// Why there is no such directory
    #[arg(long, value_name = "REASON", default_value = "")]
    pub without_control_groups: String,
    /// Runs this Node.js, and nothing else
    #[arg(long, value_name = "FILE")]
    pub node: Option<PathBuf>,
    /// Directory with `node_modules`
    #[arg(long, value_name = "DIR", requires = "node")]
    pub packages: Option<PathBuf>,
}

/// Runs the step host until its control channel is closed.
#[must_use]
pub fn run(args: &StepHostArgs) -> ExitCode {
    let served = match &args.node {
        Some(program) => node::run(args, program),
        None => zygote::run(args),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("step host: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
