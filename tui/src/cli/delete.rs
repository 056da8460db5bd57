//! `delete`: removes workflows.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::session::Session;
use super::{Error, Exit, named};

/// Remove a workflow; its executions stay
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill delete order-intake\n  tidemill delete workflow/order-intake --yes\n  \
                  tidemill delete -f workflows/ --yes")]
pub struct Delete {
    /// The workflow's id
    #[arg(value_name = "WORKFLOW", required_unless_present = "file", conflicts_with = "file")]
    id: Option<String>,
    /// Remove the workflows that these files hold; `-` is stdin
    #[arg(short, long = "file", value_name = "FILE|DIR|-")]
    file: Vec<PathBuf>,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Delete {
    /// Asks, then removes.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let ids = match &self.id {
            Some(id) => vec![id.trim_start_matches("workflow/").to_owned()],
            None => named::ids(&self.file)?,
        };
        let client = session.client()?;
        let which = match ids.as_slice() {
            [id] => format!("workflow {id} with its"),
            several => format!("the workflows {} with their", several.join(", ")),
        };
        if !session.confirm(&format!("Delete {which} versions and triggers on {}?", client.server()), self.yes)? {
            return Ok(Exit::Failure);
        }
        let delete = async |id: &str| {
            client.workflow_delete(id).await?;
            session.printer.change("workflow", id, "deleted", &json!({ "id": id, "deleted": true }))
        };
        Ok(named::each(session, &ids, delete).await.1)
    }
}
