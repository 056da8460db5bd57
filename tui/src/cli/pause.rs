//! `pause` and `resume`: hold an execution, and let it go on.

use clap::Args;
use tidemill_common::api::control::{ExecutionPause, ExecutionResume};
use tidemill_common::status::ExecutionStatus;

use super::session::Session;
use super::{Error, Exit, reference};

/// Pause an execution: what is under way ends, nothing new begins
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill pause @latest --reason maintenance")]
pub struct Pause {
    /// An id, a part of one, or @latest
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Let a paused execution go on
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill resume 3f2a9c01")]
pub struct Resume {
    /// An id, a part of one, or @latest
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Pause {
    /// Asks the server; the execution is paused a moment later.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let execution = client.execution_pause(id, &ExecutionPause { reason: self.reason }).await?;
        let verbed = if execution.status == ExecutionStatus::Paused { "paused" } else { "will be paused" };
        session.printer.change("execution", &id.to_string(), verbed, &execution)?;
        Ok(Exit::Ok)
    }
}

impl Resume {
    /// Asks the server; the execution goes on a moment later.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let execution = client.execution_resume(id, &ExecutionResume { reason: self.reason }).await?;
        let verbed = if execution.status == ExecutionStatus::Paused { "will be resumed" } else { "resumed" };
        session.printer.change("execution", &id.to_string(), verbed, &execution)?;
        Ok(Exit::Ok)
    }
}
