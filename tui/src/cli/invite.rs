//! `invite`: links into the workspace.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::member::{InviteAccept, InviteCreate};
use tidemill_common::api::share::Permission;
use tidemill_common::ids::InviteId;

use super::people::client_and_workspace;
use super::session::Session;
use super::token::RoleWord;
use super::{Error, Exit, output, prompt};
use crate::client::{Client, ClientConfig};

/// Makes, lists, revokes and accepts invites
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill invite create --role editor --email ann@example.com")]
pub enum Invite {
    /// Make an invite and print its link, once
    Create(Create),
    /// List the open invites
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill invite ls -o wide")]
    Ls,
    /// End an invite; members who came by it stay
    Revoke(Revoke),
    /// Show what an invite leads to; uses nothing up
    Show(Show),
    /// Accept an invite; the password comes from stdin
    Accept(Accept),
}

/// Make an invite and print its link, once
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill invite create --role editor --email ann@example.com\n  tidemill invite create --role viewer --uses 10 --hours 24\n  \
                  tidemill invite create --role guest --member-days 30 --workflow order"
)]
pub struct Create {
    /// The role of who accepts it
    #[arg(long, value_enum)]
    role: RoleWord,
    /// The only address that may accept it
    #[arg(long)]
    email: Option<String>,
    /// How often it can be accepted; once if not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    uses: Option<u32>,
    /// Hours until the link ends; 72 if not given
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=720))]
    hours: Option<u32>,
    /// Days until the membership ends; a guest needs them
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    member_days: Option<u32>,
    /// A workflow to share with who accepts it; repeat it
    #[arg(long = "workflow", value_name = "ID")]
    workflows: Vec<String>,
    /// What they may do with these workflows
    #[arg(long, value_enum)]
    may: Option<PermissionWord>,
    /// Who accepts it administers the organization too
    #[arg(long)]
    organization_admin: bool,
}

/// A permission as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PermissionWord {
    /// Read it, and its executions
    View,
    /// That, and start and operate its executions
    Execute,
    /// That, and change it
    Edit,
    /// Let steps use it; never see it
    Use,
}

impl From<PermissionWord> for Permission {
    fn from(word: PermissionWord) -> Self {
        match word {
            PermissionWord::View => Self::View,
            PermissionWord::Execute => Self::Execute,
            PermissionWord::Edit => Self::Edit,
            PermissionWord::Use => Self::Use,
        }
    }
}

/// End an invite; members who came by it stay
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill invite revoke 01990000-0000-7000-8000-000000000001")]
pub struct Revoke {
    /// The invite's id
    id: InviteId,
}

/// Show what an invite leads to; uses nothing up
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill invite show https://flows.example.com/invite/tmi_abc")]
pub struct Show {
    /// The link
    link: String,
}

/// Accept an invite; the password comes from stdin
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill invite accept https://flows.example.com/invite/tmi_abc --email ann@example.com")]
pub struct Accept {
    /// The link
    link: String,
    /// Your e-mail address
    #[arg(long)]
    email: String,
    /// The name shown to others, for a new account
    #[arg(long)]
    name: Option<String>,
    /// The code of your second factor, if you have one
    #[arg(long)]
    code: Option<String>,
}

impl Invite {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let printer = &session.printer;
        match self {
            Self::Ls => {
                let (client, workspace) = client_and_workspace(session).await?;
                printer.list(&client.invites(&workspace).await?.items)?;
            }
            Self::Create(create) => create.run(session).await?,
            Self::Revoke(Revoke { id }) => {
                let (client, workspace) = client_and_workspace(session).await?;
                client.invite_revoke(&workspace, id).await?;
                printer.change("invite", &id.to_string(), "revoked", &json!({ "id": id, "revoked": true }))?;
            }
            Self::Show(Show { link }) => {
                let (client, secret) = opened(&link, session.ca())?;
                let shown = client.invite_show(&secret).await?;
                let words = format!("leads into {} of {}, by {}", shown.workspace, shown.organization_name, shown.invited_by);
                printer.change("invite", &shown.workspace, &words, &shown)?;
            }
            Self::Accept(Accept { link, email, name, code }) => {
                let (client, secret) = opened(&link, session.ca())?;
                let wanted = InviteAccept { email, password: prompt::secret("password")?, name, code };
                let account = client.invite_accept(&secret, &wanted).await?;
                printer.change("workspace", &account.workspace.slug, "joined", &account)?;
                printer.note(&format!("sign in with `tidemill login {}`", client.server()));
            }
        }
        Ok(Exit::Ok)
    }
}

impl Create {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let (client, workspace) = client_and_workspace(session).await?;
        let wanted = InviteCreate {
            role: self.role.into(),
            organization_admin: self.organization_admin,
            email: self.email,
            uses: self.uses,
            expires_in_hours: self.hours,
            member_expires_in_days: self.member_days,
            workflows: self.workflows,
            permission: self.may.map(Permission::from),
        };
        let made = client.invite_create(&workspace, &wanted).await?;
        if let Some(text) = session.printer.document(&made) {
            return output::write(&text);
        }
        session.printer.note(&format!("invite/{} created; its link is shown this one time:", made.invite.id));
        output::write_line(&made.link)
    }
}

/// A client without a token for the server of a link, and the secret in it.
fn opened(link: &str, ca: Option<PathBuf>) -> Result<(Client, String), Error> {
    behind(link, "/invite/", ca).ok_or_else(|| Error::Usage("an invite is a link with /invite/ in it".to_owned()))?
}

/// The same for any link whose secret is behind `part`; `None` when it is none.
pub(super) fn behind(link: &str, part: &str, ca: Option<PathBuf>) -> Option<Result<(Client, String), Error>> {
    let (server, secret) = link.trim().split_once(part)?;
    let config = ClientConfig { server: server.to_owned(), token: String::new(), workspace: None, ca };
    Some(Client::new(&config).map(|client| (client, secret.to_owned())).map_err(Error::from))
}
