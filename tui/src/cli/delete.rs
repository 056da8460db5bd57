//! `delete`: removes one thing.

use clap::Args;
use serde_json::json;

use super::session::Session;
use super::{Error, Exit};

/// Remove a workflow; its executions stay
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill delete order-intake\n  tidemill delete workflow/order-intake --yes")]
pub struct Delete {
    /// The workflow's id
    #[arg(value_name = "WORKFLOW")]
    id: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Delete {
    /// Asks, then removes.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let id = self.id.trim_start_matches("workflow/");
        let client = session.client()?;
        if !session
            .confirm(&format!("Delete workflow {id} with its versions and triggers on {}?", client.server()), self.yes)?
        {
            return Ok(Exit::Failure);
        }
        client.workflow_delete(id).await?;
        session.printer.change("workflow", id, "deleted", &json!({ "id": id, "deleted": true }))?;
        Ok(Exit::Ok)
    }
}
