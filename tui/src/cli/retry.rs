//! `retry`: tries an ended execution again, as a new one.

use clap::{Args, ValueEnum};
use tidemill_common::api::control::{ExecutionRetry, RetryFrom};

use super::session::Session;
use super::start::read_input;
use super::{Error, Exit, reference};

/// Try an execution again: a new one, linked to it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill retry @failed\n  tidemill retry 3f2a9c01 --from start --input @order.json")]
pub struct Retry {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Where to begin
    #[arg(long, value_enum, default_value = "failed")]
    from: From,
    /// Input as JSON instead of the old one: a document, @FILE, or - for stdin
    #[arg(short, long, value_name = "JSON|@FILE|-")]
    input: Option<String>,
    /// Changes of the old input: a JSON Merge Patch, @FILE, or - for stdin
    #[arg(long, value_name = "JSON|@FILE|-", conflicts_with = "input")]
    patch: Option<String>,
    /// Execute this version, with --from start
    #[arg(long, value_name = "N")]
    version: Option<i32>,
}

/// Where a retry begins, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum From {
    /// Steps that succeeded keep their outputs
    Failed,
    /// Every step is executed
    Start,
}

impl std::convert::From<From> for RetryFrom {
    fn from(word: From) -> Self {
        match word {
            From::Failed => Self::Failed,
            From::Start => Self::Start,
        }
    }
}

impl Retry {
    /// Starts the new execution.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let input = self.input.as_deref().map(read_input).transpose()?;
        let patch = self.patch.as_deref().map(read_input).transpose()?;
        let retry = ExecutionRetry { from: self.from.into(), input, patch, version: self.version };
        let started = client.execution_retry(id, &retry).await?;
        session.printer.change("execution", &started.id.to_string(), &format!("started, a retry of {id}"), &started)?;
        Ok(Exit::Ok)
    }
}
