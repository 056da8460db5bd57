//! `secret`: values that workflows use as `{{ secrets.NAME }}`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::session::Session;
use super::{Error, Exit, prompt};

/// Sets, lists and removes secrets; values never come out again
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill secret set shop < shop.key")]
pub enum Secret {
    /// Set a secret to what stdin says
    Set(Set),
    /// List the names of the secrets
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill secret ls")]
    Ls,
    /// Remove a secret
    #[command(visible_alias = "delete")]
    Rm(Rm),
}

/// Set a secret to what stdin says
#[derive(Debug, Args)]
#[command(
    after_help = "The value is never an argument: others could see it in the list of processes.\n\nExamples:\n  tidemill secret set shop < \
                        shop.key\n  tidemill secret set shop        # asks, without echo"
)]
pub struct Set {
    /// Its name; workflows use it as {{ secrets.NAME }}
    name: String,
}

/// Remove a secret
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill secret rm shop --yes")]
pub struct Rm {
    /// Its name
    #[arg(value_name = "SECRET")]
    name: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Secret {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let printer = &session.printer;
        let client = session.client()?;
        match self {
            Self::Ls => printer.list(&client.secrets().await?.items)?,
            Self::Set(Set { name }) => {
                client.secret_set(&name, prompt::secret("value")?).await?;
                printer.change("secret", &name, "set", &json!({ "name": name, "set": true }))?;
            }
            Self::Rm(Rm { name, yes }) => {
                if !session.confirm(&format!("Remove secret {name}? Workflows that use it will fail."), yes)? {
                    return Ok(Exit::Failure);
                }
                client.secret_delete(&name).await?;
                printer.change("secret", &name, "removed", &json!({ "name": name, "removed": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}
