//! `credential`: secrets with a type, which are sent to their hosts only.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use tidemill_common::api::credential::{CredentialPut, CredentialType, RateLimit};

use super::session::Session;
use super::{Error, Exit, prompt};

/// Sets, lists, shows and removes credentials; their secrets never come out again
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  tidemill credential set shop --type bearer --host api.shop.example < token")]
pub enum Credential {
    /// Set a credential; its secret is what stdin says
    Set(Box<Set>),
    /// List the credentials
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill credential ls")]
    Ls,
    /// Show a credential, without its secret
    Get(Name),
    /// Remove a credential
    #[command(visible_alias = "delete")]
    Rm(Rm),
}

/// Set a credential; its secret is what stdin says
#[derive(Debug, Args)]
#[command(
    after_help = "Steps use it by its name, and it is sent to its hosts only: scheme, host and port, letter by letter. The secret is \
                        never an argument: others could see it in the list of processes.\n\nExamples:\n  tidemill credential set shop --type \
                        bearer --host api.shop.example < token\n  tidemill credential set stock --type api-key --header X-Api-Key --host \
                        stock.example:8443 < key\n  tidemill credential set mail --type smtp --host smtps://mail.example --username ada < \
                        password\n  tidemill credential set relay --type smtp --host smtp://relay.example --no-secret"
)]
pub struct Set {
    /// Its name; steps name it as `credential`
    name: String,
    /// What it proves, and how
    #[arg(long = "type", value_enum)]
    kind: Kind,
    /// Where it may be sent, for example api.example.com:8443; repeat it for more
    #[arg(long = "host", required = true)]
    hosts: Vec<String>,
    /// The user name of basic and smtp
    #[arg(long)]
    username: Option<String>,
    /// The header of an api-key
    #[arg(long, conflicts_with = "query")]
    header: Option<String>,
    /// The query parameter of an api-key
    #[arg(long)]
    query: Option<String>,
    /// The token endpoint of oauth2
    #[arg(long, value_name = "URL")]
    token_url: Option<String>,
    /// The client of oauth2
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// What the tokens of oauth2 are for, words with spaces between
    #[arg(long, value_name = "WORDS")]
    scope: Option<String>,
    /// How often one node may use it, for example 10/s, 100/m, 1000/h; more wait for their turn
    #[arg(long, value_parser = rate)]
    rate_limit: Option<RateLimit>,
    /// There is no secret: a mail server that wants no sign-in
    #[arg(long)]
    no_secret: bool,
}

/// A credential
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill credential get shop")]
pub struct Name {
    /// Its name
    #[arg(value_name = "CREDENTIAL")]
    name: String,
}

/// Remove a credential
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill credential rm shop --yes")]
pub struct Rm {
    /// Its name
    #[arg(value_name = "CREDENTIAL")]
    name: String,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
}

/// The words of `--type`
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// User name and password in `Authorization: Basic`
    Basic,
    /// A token in `Authorization: Bearer`
    Bearer,
    /// A key in a header or a query parameter
    ApiKey,
    /// The user of a mail server
    Smtp,
    /// The key that signs outgoing webhooks
    Signing,
    /// An access token that is got with the secret of a client
    Oauth2,
}

impl From<Kind> for CredentialType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Basic => Self::Basic,
            Kind::Bearer => Self::Bearer,
            Kind::ApiKey => Self::ApiKey,
            Kind::Smtp => Self::Smtp,
            Kind::Signing => Self::Signing,
            Kind::Oauth2 => Self::Oauth2,
        }
    }
}

fn rate(text: &str) -> Result<RateLimit, String> {
    let wrong = || format!("`{text}` is not a rate; write it as 10/s, 100/m or 1000/h");
    let (requests, unit) = text.split_once('/').ok_or_else(wrong)?;
    let seconds = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(RateLimit { requests: requests.trim().parse().ok().filter(|requests| *requests > 0).ok_or_else(wrong)?, seconds })
}

impl Credential {
    /// Does what was asked.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let printer = &session.printer;
        let client = session.client()?;
        match self {
            Self::Ls => printer.list(&client.credentials().await?.items)?,
            Self::Get(Name { name }) => printer.list(&[client.credential(&name).await?])?,
            Self::Set(set) => {
                let Set { name, kind, hosts, username, header, query, token_url, client_id, scope, rate_limit, no_secret } =
                    *set;
                let secret = if no_secret { None } else { Some(prompt::secret("secret")?) };
                let kind = kind.into();
                let put =
                    CredentialPut { kind, hosts, secret, username, header, query, token_url, client_id, scope, rate_limit };
                let view = client.credential_set(&name, &put).await?;
                printer.change("credential", &name, "set", &json!(view))?;
            }
            Self::Rm(Rm { name, yes }) => {
                if !session.confirm(&format!("Remove credential {name}? Workflows that use it will fail."), yes)? {
                    return Ok(Exit::Failure);
                }
                client.credential_delete(&name).await?;
                printer.change("credential", &name, "removed", &json!({ "name": name, "removed": true }))?;
            }
        }
        Ok(Exit::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(rate("10/s"), Ok(RateLimit { requests: 10, seconds: 1 }));
        assert_eq!(rate("100 / m"), Ok(RateLimit { requests: 100, seconds: 60 }));
        for wrong in ["10", "0/s", "x/s", "10/y", "/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
