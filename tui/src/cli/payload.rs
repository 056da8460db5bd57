//! `exec payload`: an input or output that is kept apart from its event.

use clap::Args;

use super::output;
use super::session::Session;
use super::{Error, Exit, reference};

/// Print an input or output that events only refer to, as JSON
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tidemill exec payload @latest 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)]
pub struct Payload {
    /// An id, a part of one, @latest or @failed
    #[arg(value_name = "EXECUTION")]
    id: String,
    /// The hash that the reference says
    sha256: String,
}

impl Payload {
    /// Prints the payload.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        let id = reference::execution(&client, &self.id).await?;
        let value = client.execution_payload(id, &self.sha256).await?;
        output::write(&session.printer.document(&value).unwrap_or_else(|| format!("{value}\n")))?;
        Ok(Exit::Ok)
    }
}
