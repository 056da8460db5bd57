//! `login` and `logout`: a token for a server, kept as a context.

use clap::Args;
use serde_json::json;

use super::config::{Config, Context};
use super::session::Session;
use super::{Error, Exit, prompt};
use crate::client::{Client, ClientConfig};

/// Check an API token and keep it as a context
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill login https://flows.example.com\n  tidemill login https://flows.example.com --with-token < token.txt\n  \
                        tidemill login http://127.0.0.1:7700 --name local"
)]
pub struct Login {
    /// The server's base URL
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The context's name; the server's host if not given
    #[arg(long)]
    name: Option<String>,
    /// Read the token from stdin; also what happens without a terminal
    #[arg(long)]
    with_token: bool,
}

/// Forget the stored token of a context
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill logout\n  tidemill logout -C prod")]
pub struct Logout {}

impl Login {
    /// Asks the server who the token is, and stores it when the server knows.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let known = self.url.clone().or_else(|| session.globals.server.clone()).or_else(|| session.environment.server.clone());
        let server =
            known.ok_or_else(|| Error::Usage("which server? Give its URL: tidemill login http://127.0.0.1:7700".to_owned()))?;
        let dir = session.config_dir()?;
        if self.with_token && std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            session.printer.note("reading the token from this terminal");
        }
        let token = prompt::secret("API token")?.trim().to_owned();
        let workspace = session.globals.workspace.clone();
        let client = Client::new(&ClientConfig { server, token: token.clone(), workspace: workspace.clone() })?;
        let account = client.user().await?;
        let name = self.name.clone().unwrap_or_else(|| host_name(client.server()));
        let mut config = session.config.clone();
        let kept = config.contexts.get(&name).cloned().unwrap_or_default();
        let context = Context { server: client.server().to_owned(), token: Some(token), workspace, ..kept };
        config.contexts.insert(name.clone(), context);
        config.switch_to(&name)?;
        config.save(dir)?;
        let done = format!("created: {} in workspace {} on {}", account.name, account.workspace.slug, client.server());
        session.printer.change("context", &name, &done, &account)?;
        session.printer.note(&format!("the token is in {}, readable by you only", Config::path(dir).display()));
        Ok(Exit::Ok)
    }
}

impl Logout {
    /// Forgets the token; the server is not asked, so that this works while it is down.
    pub fn run(session: &Session) -> Result<Exit, Error> {
        let dir = session.config_dir()?;
        let mut config = session.config.clone();
        let named =
            session.globals.context.clone().or_else(|| session.environment.context.clone()).or_else(|| config.current.clone());
        let name = named.ok_or(Error::NotLoggedIn)?;
        config.context(&name)?;
        if let Some(context) = config.contexts.get_mut(&name) {
            context.token = None;
        }
        config.save(dir)?;
        session.printer.change("context", &name, "logged out", &json!({ "name": name, "logged_in": false }))?;
        session.printer.note("the token itself still works; end it with `tidemill token revoke`");
        Ok(Exit::Ok)
    }
}

/// `https://flows.example.com:8443` → `flows.example.com`.
fn host_name(server: &str) -> String {
    let url = reqwest::Url::parse(server).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "default".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_called_after_its_host() {
        assert_eq!(host_name("https://flows.example.com:8443/x"), "flows.example.com");
        assert_eq!(host_name("http://127.0.0.1:7700"), "127.0.0.1");
    }
}
