//! `workspace`: the tenants that you are a member of.

use clap::{Args, Subcommand};
use tidemill_common::api::workspace::WorkspaceCreate;

use super::session::Session;
use super::{Error, Exit};

/// Lists and makes workspaces
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill workspace create acme --name 'Acme Inc.'")]
pub enum Workspace {
    /// List your workspaces
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill workspace ls -o wide")]
    Ls,
    /// Make a workspace
    Create(Create),
}

/// Make a workspace
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill workspace create acme --name 'Acme Inc.'")]
pub struct Create {
    /// Its name in addresses: a-z, 0-9 and -, at most 40
    slug: String,
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
}

impl Workspace {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let client = session.client()?;
        match self {
            Self::Ls => session.printer.list(&client.workspaces().await?.items)?,
            Self::Create(Create { slug, name }) => {
                let made = client.workspace_create(&WorkspaceCreate { slug, name }).await?;
                session.printer.change("workspace", &made.slug, "created", &made)?;
            }
        }
        Ok(Exit::Ok)
    }
}
