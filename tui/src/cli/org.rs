//! `org`: the organisation above the workspaces, and its users.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::organization::{OrganizationCreate, OrganizationRole, OrganizationUpdate, UserUpdate};
use tidemill_common::ids::UserId;

use super::session::Session;
use super::{Error, Exit, output};

/// Names the organization, and helps and erases its users
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill org users -o wide")]
pub enum Org {
    /// List organizations: yours, or all for those who run the server
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill org ls")]
    Ls,
    /// Show your organization
    #[command(after_help = "Example:\n  tidemill org show -o yaml")]
    Show,
    /// Make an organization with a workspace; prints its first invite
    Create(Create),
    /// Rename your organization
    Rename(Rename),
    /// List the users of your organization
    #[command(after_help = "Example:\n  tidemill org users -o wide")]
    Users,
    /// Make a user admin of the organization, or a plain member
    Role(Role),
    /// Print a link with which a user sets a new password
    ResetPassword(ResetPassword),
    /// Erase a user: memberships, tokens, sessions, name, address
    Erase(Erase),
}

/// Make an organization with a workspace; prints its first invite
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill org create Acme --workspace acme --email ann@example.com")]
pub struct Create {
    /// Its name
    name: String,
    /// The slug of its first workspace
    #[arg(long)]
    workspace: String,
    /// The only address that may become its first admin
    #[arg(long)]
    email: Option<String>,
}

/// Rename your organization
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill org rename Acme")]
pub struct Rename {
    /// Its name
    name: String,
}

/// Make a user admin of the organization, or a plain member
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill org role 01990000-0000-7000-8000-000000000001 admin")]
pub struct Role {
    /// The user's id
    user: UserId,
    /// The role
    #[arg(value_enum)]
    role: OrganizationWord,
}

/// A role in the organization, as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum OrganizationWord {
    /// Workspaces, users, the audit log
    Admin,
    /// What the roles in the workspaces say
    Member,
}

/// Print a link with which a user sets a new password
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill org reset-password 01990000-0000-7000-8000-000000000001")]
pub struct ResetPassword {
    /// The user's id
    user: UserId,
}

/// Erase a user: memberships, tokens, sessions, name, address
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill org erase 01990000-0000-7000-8000-000000000001 --yes")]
pub struct Erase {
    /// The user's id
    user: UserId,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

impl Org {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let (client, printer) = (session.client()?, &session.printer);
        match self {
            Self::Ls => printer.list(&client.organizations().await?.items)?,
            Self::Show => {
                let found = client.organization(client.user().await?.organization_id).await?;
                printer.item(&found, &found)?;
            }
            Self::Create(Create { name, workspace, email }) => {
                let made = client.organization_create(&OrganizationCreate { name, workspace, email }).await?;
                if let Some(text) = printer.document(&made) {
                    return output::write(&text).map(|()| Exit::Ok);
                }
                printer.note(&format!(
                    "organization/{} created; the link for its first admin, shown this one time:",
                    made.organization.id
                ));
                output::write_line(&made.link)?;
            }
            Self::Rename(Rename { name }) => {
                let id = client.user().await?.organization_id;
                let made = client.organization_update(id, &OrganizationUpdate { name }).await?;
                printer.change("organization", &id.to_string(), "renamed", &made)?;
            }
            Self::Users => {
                let id = client.user().await?.organization_id;
                printer.list(&client.users(id).await?.items)?;
            }
            Self::Role(Role { user, role }) => {
                let id = client.user().await?.organization_id;
                let role = match role {
                    OrganizationWord::Admin => OrganizationRole::Admin,
                    OrganizationWord::Member => OrganizationRole::Member,
                };
                let made = client.user_update(id, user, &UserUpdate { role }).await?;
                printer.change("user", &user.to_string(), "changed", &made)?;
            }
            Self::ResetPassword(ResetPassword { user }) => {
                let id = client.user().await?.organization_id;
                let made = client.user_password_reset(id, user).await?;
                if let Some(text) = printer.document(&made) {
                    return output::write(&text).map(|()| Exit::Ok);
                }
                printer.note("send this link to the user; it is good once, for a day:");
                output::write_line(&made.link)?;
            }
            Self::Erase(Erase { user, yes }) => {
                if !session.confirm(&format!("Erase user {user}? This can't be undone."), yes)? {
                    return Ok(Exit::Failure);
                }
                let id = client.user().await?.organization_id;
                client.user_erase(id, user).await?;
                printer.change("user", &user.to_string(), "erased", &json!({ "id": user, "erased": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}
