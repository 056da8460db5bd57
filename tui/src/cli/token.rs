//! `token`: API tokens of the workspace.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::token::TokenCreate;
use tidemill_common::api::workspace::Role;
use tidemill_common::ids::{TokenId, UserId, WorkspaceId};

use super::output;
use super::session::Session;
use super::{Error, Exit};

/// Makes, lists and revokes API tokens
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill token create ci --role editor --expires 90")]
pub enum Token {
    /// Make a token and print its secret, once
    Create(Create),
    /// List the workspace's tokens
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill token ls -o wide")]
    Ls,
    /// End a token
    Revoke(Revoke),
}

/// Make a token and print its secret, once
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill token create ci --role editor --expires 90\n  tidemill token create read --scope workflow:read\n  tidemill token create ci --quiet | gh secret set TIDEMILL_TOKEN"
)]
pub struct Create {
    /// What it is for
    name: String,
    /// The most that it may do; your own role if not given
    #[arg(long, value_enum)]
    role: Option<RoleWord>,
    /// Days until it stops working; never if not given
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires: Option<u32>,
    /// What it may do within its role, such as workflow:read; repeat it
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Where it works, by workspace id; repeat it
    #[arg(long = "only-in", value_name = "ID")]
    workspaces: Vec<WorkspaceId>,
    /// The service account that it acts for
    #[arg(long, value_name = "USER")]
    service_account: Option<UserId>,
}

/// End a token
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill token revoke 01990000-0000-7000-8000-000000000001 --yes")]
pub struct Revoke {
    /// The token's id
    id: TokenId,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// A role as an option.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleWord {
    /// Everything
    Admin,
    /// Create, edit, execute
    Editor,
    /// Read
    Viewer,
    /// What is shared, until the membership ends
    Guest,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Admin => Self::Admin,
            RoleWord::Editor => Self::Editor,
            RoleWord::Viewer => Self::Viewer,
            RoleWord::Guest => Self::Guest,
        }
    }
}

impl Token {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        match self {
            Self::Ls => session.printer.list(&session.client()?.tokens().await?.items)?,
            Self::Create(create) => create.run(session).await?,
            Self::Revoke(revoke) => return revoke.run(session).await,
        }
        Ok(Exit::Ok)
    }
}

impl Create {
    async fn run(self, session: &Session) -> Result<(), Error> {
        let request = TokenCreate {
            name: self.name,
            role: self.role.map(Role::from),
            expires_in_days: self.expires,
            scopes: (!self.scopes.is_empty()).then_some(self.scopes),
            workspaces: (!self.workspaces.is_empty()).then_some(self.workspaces),
            service_account: self.service_account,
        };
        let created = session.client()?.token_create(&request).await?;
        let printer = &session.printer;
        if let Some(text) = printer.document(&created) {
            return output::write(&text);
        }
        printer.note(&format!("token/{} created; its secret is shown this one time:", created.token.id));
        output::write_line(&created.secret)
    }
}

impl Revoke {
    async fn run(self, session: &Session) -> Result<Exit, Error> {
        let id = self.id.to_string();
        if !session.confirm(&format!("Revoke token {id}? What uses it stops working."), self.yes)? {
            return Ok(Exit::Failure);
        }
        session.client()?.token_revoke(self.id).await?;
        session.printer.change("token", &id, "revoked", &json!({ "id": id, "revoked": true }))?;
        Ok(Exit::Ok)
    }
}
