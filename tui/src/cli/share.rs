//! `share`: a workflow or an execution for a member or another workspace, beyond their roles.

use clap::{Args, Subcommand};
use serde_json::json;
use tidemill_common::api::share::{ShareCreate, Shareable};
use tidemill_common::ids::{ShareId, UserId};

use super::invite::PermissionWord;
use super::people::client_and_workspace;
use super::session::Session;
use super::{Error, Exit};

/// Shares things, lists and ends shares
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill share add workflow/order --with-workspace acme --may execute")]
pub enum Share {
    /// Share a thing, or change what a share permits
    Add(Add),
    /// List what this workspace shares
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill share ls -o wide")]
    Ls,
    /// List what others share with you
    #[command(after_help = "Example:\n  tidemill share mine")]
    Mine,
    /// End a share
    Rm(Rm),
}

/// Share a thing, or change what a share permits
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill share add workflow/order --with-workspace acme --may execute\n  \
                  tidemill share add order --with 01990000-0000-7000-8000-000000000001 --may view")]
pub struct Add {
    /// workflow/ID, execution/ID, or a workflow's id
    what: String,
    /// The member to share it with, by user id
    #[arg(long, value_name = "USER", required_unless_present = "with_workspace", conflicts_with = "with_workspace")]
    with: Option<UserId>,
    /// The workspace whose members to share it with
    #[arg(long, value_name = "SLUG")]
    with_workspace: Option<String>,
    /// What they may do
    #[arg(long, value_enum, default_value = "view")]
    may: PermissionWord,
    /// Days until it ends
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires: Option<u32>,
}

/// End a share
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill share rm 01990000-0000-7000-8000-000000000001")]
pub struct Rm {
    /// The share's id
    id: ShareId,
}

impl Share {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let printer = &session.printer;
        if let Self::Mine = self {
            printer.list(&session.client()?.shared().await?.items)?;
            return Ok(Exit::Ok);
        }
        let (client, workspace) = client_and_workspace(session).await?;
        match self {
            Self::Ls | Self::Mine => printer.list(&client.shares(&workspace).await?.items)?,
            Self::Add(add) => {
                let made = client.share_create(&workspace, &add.wanted()).await?;
                printer.change("share", &made.id.to_string(), "created", &made)?;
            }
            Self::Rm(Rm { id }) => {
                client.share_revoke(&workspace, id).await?;
                printer.change("share", &id.to_string(), "ended", &json!({ "id": id, "ended": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}

impl Add {
    fn wanted(self) -> ShareCreate {
        let (object_kind, object_id) = match self.what.split_once('/') {
            Some(("execution", id)) => (Shareable::Execution, id),
            Some(("credential", id)) => (Shareable::Credential, id),
            Some((_, id)) => (Shareable::Workflow, id),
            None => (Shareable::Workflow, self.what.as_str()),
        };
        ShareCreate {
            object_kind,
            object_id: object_id.to_owned(),
            user_id: self.with,
            workspace: self.with_workspace,
            permission: self.may.into(),
            expires_in_days: self.expires,
        }
    }
}
