//! `member`: who may do what in the workspace.

use clap::{Args, Subcommand};
use serde_json::json;
use tidemill_common::api::member::{MemberCreate, MemberUpdate, ServiceAccountCreate};
use tidemill_common::ids::UserId;

use super::people::client_and_workspace;
use super::session::Session;
use super::token::RoleWord;
use super::{Error, Exit};

/// Lists, adds, changes and removes members
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill member add ann@example.com --role editor")]
pub enum Member {
    /// List members
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill member ls -o wide")]
    Ls,
    /// Add an account of the organization; others are invited
    Add(Add),
    /// Change a member's role
    Role(Role),
    /// Remove a member
    Rm(Rm),
    /// Make a service account: a member with tokens and no password
    Service(Service),
    /// Leave the workspace yourself
    Leave(Leave),
}

/// Add an account of the organization; others are invited
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill member add ann@example.com --role editor\n  tidemill member add bob@example.com --role guest --expires 30"
)]
pub struct Add {
    /// The e-mail address or user id
    who: String,
    /// What the member may do
    #[arg(long, value_enum)]
    role: RoleWord,
    /// Days until the membership ends; a guest needs them
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires: Option<u32>,
}

/// Change a member's role
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill member role 01990000-0000-7000-8000-000000000001 viewer")]
#[expect(clippy::struct_field_names, reason = "the command and what it sets have one name")]
pub struct Role {
    /// The user's id
    user: UserId,
    /// What the member may do from now on
    #[arg(value_enum)]
    role: RoleWord,
    /// Days until the membership ends; a guest needs them
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires: Option<u32>,
}

/// Remove a member
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill member rm 01990000-0000-7000-8000-000000000001 --yes")]
pub struct Rm {
    /// The user's id
    user: UserId,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// Make a service account: a member with tokens and no password
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill member service ci --role editor")]
pub struct Service {
    /// Its name
    name: String,
    /// What it may do
    #[arg(long, value_enum)]
    role: RoleWord,
}

/// Leave the workspace yourself
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill member leave --workspace acme --yes")]
pub struct Leave {
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Member {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, workspace) = client_and_workspace(session).await?;
        let printer = &session.printer;
        match self {
            Self::Ls => printer.list(&client.members(&workspace).await?.items)?,
            Self::Add(Add { who, role, expires }) => {
                let user_id = who.parse().ok();
                let email = user_id.is_none().then_some(who);
                let wanted = MemberCreate { user_id, email, role: role.into(), expires_in_days: expires };
                let made = client.member_add(&workspace, &wanted).await?;
                printer.change("member", &made.user_id.to_string(), "added", &made)?;
            }
            Self::Role(Role { user, role, expires }) => {
                let wanted = MemberUpdate { role: role.into(), expires_in_days: expires };
                let made = client.member_update(&workspace, user, &wanted).await?;
                printer.change("member", &user.to_string(), "changed", &made)?;
            }
            Self::Rm(Rm { user, yes }) => {
                if !session.confirm(&format!("Remove member {user}? What is shared with it ends too."), yes)? {
                    return Ok(Exit::Failure);
                }
                client.member_remove(&workspace, user).await?;
                printer.change("member", &user.to_string(), "removed", &json!({ "user_id": user, "removed": true }))?;
            }
            Self::Service(Service { name, role }) => {
                let wanted = ServiceAccountCreate { name, role: role.into() };
                let made = client.service_account_create(&workspace, &wanted).await?;
                printer.change("member", &made.user_id.to_string(), "created", &made)?;
            }
            Self::Leave(Leave { yes }) => {
                if !session.confirm(&format!("Leave the workspace {workspace}?"), yes)? {
                    return Ok(Exit::Failure);
                }
                client.workspace_leave(&workspace).await?;
                printer.change("workspace", &workspace, "left", &json!({ "workspace": workspace, "left": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}
