//! Code steps, through the runner and the real step host: what they can do, and everything they can't.

mod attacks;
mod basics;
mod endurance;
mod expressions;
mod javascript_attacks;
mod levels;
mod node;
mod node_attacks;
mod python_attacks;
mod sql_attacks;
mod steps;
mod workflows;

use std::path::PathBuf;

use serde_json::Value;
use tidemill_common::step_protocol::Language;
use tidemill_server::runner::code::{CodeLimits, CodeOptions, CodeOutcome, CodeRunner};

/// The options of a runner that starts the real binary.
fn options() -> CodeOptions {
    CodeOptions::new(PathBuf::from(env!("CARGO_BIN_EXE_tidemill")))
}

async fn run(runner: &CodeRunner, language: Language, code: &str, input: Value) -> CodeOutcome {
    runner.run(language, code, &input, CodeLimits::default()).await
}
