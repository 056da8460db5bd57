//! `cancel`: asks to stop an execution.

use clap::Args;
use tidemill_common::api::control::ExecutionCancel;

use super::session::Session;
use super::{Error, Exit, reference};

/// Cancel an execution
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill cancel 3f2a9c01 --reason 'wrong customer'")]
pub struct Cancel {
    /// An id, a part of one, or @latest
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// Why; it is kept with the execution
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// End it at once, even if the node that holds its lease does not react
    #[arg(long)]
    force: bool,
}

impl Cancel {
    /// Asks the server; the execution ends a moment later.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let execution = client.execution_cancel(id, &ExecutionCancel { reason: self.reason, force: self.force }).await?;
        let verbed = if execution.status.is_terminal() { execution.status.as_str() } else { "will be cancelled" };
        session.printer.change("execution", &id.to_string(), verbed, &execution)?;
        Ok(Exit::Ok)
    }
}
