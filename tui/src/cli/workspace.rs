//! `workspace`: the tenants that you are a member of.

use clap::{Args, Subcommand};
use tidemill_common::api::workspace::{WorkspaceCreate, WorkspaceUpdate};

use super::people::client_and_workspace;
use super::session::Session;
use super::{Error, Exit};

/// Lists, makes, renames, archives and deletes workspaces
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill workspace create acme --name 'Acme Inc.'")]
pub enum Workspace {
    /// List your workspaces
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill workspace ls -o wide")]
    Ls,
    /// Show the workspace that you act on, or another one
    Show(Show),
    /// Make a workspace
    Create(Create),
    /// Change a workspace's name for people
    Rename(Rename),
    /// Make a workspace read only; no trigger fires
    Archive(Named),
    /// Bring an archived workspace back
    Unarchive(Named),
    /// Delete a workspace; it can be restored for 30 days
    Delete(Delete),
    /// Restore a deleted workspace
    Restore(Named),
}

/// Show the workspace that you act on, or another one
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill workspace show acme -o yaml")]
pub struct Show {
    /// Its slug or id
    workspace: Option<String>,
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

/// Change a workspace's name for people
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill workspace rename 'Acme Inc.' --workspace acme")]
pub struct Rename {
    /// Its name
    name: String,
}

/// A workspace by its slug or id
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill workspace restore acme")]
pub struct Named {
    /// Its slug or id
    workspace: String,
}

/// Delete a workspace; it can be restored for 30 days
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill workspace delete acme --yes")]
pub struct Delete {
    /// Its slug or id
    workspace: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Workspace {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let printer = &session.printer;
        let (slug, verb) = match self {
            Self::Ls => {
                printer.list(&session.client()?.workspaces().await?.items)?;
                return Ok(Exit::Ok);
            }
            Self::Show(Show { workspace }) => {
                let (client, present) = client_and_workspace(session).await?;
                let found = client.workspace(&workspace.unwrap_or(present)).await?;
                printer.item(&found, &found)?;
                return Ok(Exit::Ok);
            }
            Self::Create(Create { slug, name }) => {
                let made = session.client()?.workspace_create(&WorkspaceCreate { slug, name }).await?;
                printer.change("workspace", &made.slug, "created", &made)?;
                return Ok(Exit::Ok);
            }
            Self::Rename(Rename { name }) => {
                let (client, workspace) = client_and_workspace(session).await?;
                let made = client.workspace_update(&workspace, &WorkspaceUpdate { name }).await?;
                printer.change("workspace", &made.slug, "renamed", &made)?;
                return Ok(Exit::Ok);
            }
            Self::Delete(Delete { workspace, yes }) => {
                let question =
                    format!("Delete the workspace {workspace}? It is shut at once, and gone for good after 30 days.");
                if !session.confirm(&question, yes)? {
                    return Ok(Exit::Failure);
                }
                let made = session.client()?.workspace_delete(&workspace).await?;
                printer.change("workspace", &made.slug, "deleted", &made)?;
                return Ok(Exit::Ok);
            }
            Self::Archive(Named { workspace }) => (workspace, "archive"),
            Self::Unarchive(Named { workspace }) => (workspace, "unarchive"),
            Self::Restore(Named { workspace }) => (workspace, "restore"),
        };
        let made = session.client()?.workspace_change(&slug, verb).await?;
        printer.change("workspace", &made.slug, &format!("{verb}d"), &made)?;
        Ok(Exit::Ok)
    }
}
