//! `login` and `logout`: a session or a token for a server, kept as a context.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use tidemill_common::api::session::{DeviceBegin, DeviceRedeem, SignIn};

use super::config::{Config, Context};
use super::session::Session;
use super::{Error, Exit, output, prompt};
use crate::client::{Client, ClientConfig};

/// Sign in, and keep the session as a context
///
/// Shows a code to enter in a browser, on this machine or another one. With `--email` it asks for the password here; with
/// `--with-token` an API token is kept instead.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill login https://flows.example.com --email ann@example.com\n  tidemill login https://flows.example.com\n  tidemill login https://flows.example.com --with-token < token.txt\n  \
                        tidemill login http://127.0.0.1:7700 --name local"
)]
pub struct Login {
    /// The server's base URL
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// The context's name; the server's host if not given
    #[arg(long)]
    name: Option<String>,
    /// Read a token from stdin; also what happens without a terminal
    #[arg(long, conflicts_with_all = ["email", "device"])]
    with_token: bool,
    /// Sign in here with this address and a password
    #[arg(long, conflicts_with = "device")]
    email: Option<String>,
    /// The code of your second factor, with --email
    #[arg(long, requires = "email")]
    code: Option<String>,
    /// Show a code for a browser, also without a terminal
    #[arg(long)]
    device: bool,
}

/// Forget the stored token of a context
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill logout\n  tidemill logout -C prod --end")]
pub struct Logout {
    /// End the session on the server first
    #[arg(long)]
    end: bool,
}

impl Login {
    /// Asks the server who the token is, and stores it when the server knows.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let known = self.url.clone().or_else(|| session.globals.server.clone()).or_else(|| session.environment.server.clone());
        let server =
            known.ok_or_else(|| Error::Usage("which server? Give its URL: tidemill login http://127.0.0.1:7700".to_owned()))?;
        let dir = session.config_dir()?;
        let workspace = session.globals.workspace.clone();
        let ca = session.ca();
        let of = |token: String, workspace| ClientConfig { server: server.clone(), token, workspace, ca: ca.clone() };
        let anonymous = Client::new(&of(String::new(), None))?;
        let token = self.secret(session, &anonymous).await?;
        let client = Client::new(&of(token.clone(), workspace.clone()))?;
        let account = client.user().await?;
        let name = self.name.clone().unwrap_or_else(|| host_name(client.server()));
        let mut config = session.config.clone();
        let kept = config.contexts.get(&name).cloned().unwrap_or_default();
        let ca = ca.or_else(|| kept.ca.clone());
        let context = Context { server: client.server().to_owned(), token: Some(token), workspace, ca, ..kept };
        config.contexts.insert(name.clone(), context);
        config.switch_to(&name)?;
        config.save(dir)?;
        let done = format!("created: {} in workspace {} on {}", account.name, account.workspace.slug, client.server());
        session.printer.change("context", &name, &done, &account)?;
        session.printer.note(&format!("the token is in {}, readable by you only", Config::path(dir).display()));
        Ok(Exit::Ok)
    }
}

impl Login {
    /// The secret of a new session, or a token that exists.
    async fn secret(&self, session: &Session, client: &Client) -> Result<String, Error> {
        let name = format!("tidemill on {}", hostname());
        if let Some(email) = self.email.clone() {
            let wanted = SignIn { email, password: prompt::secret("password")?, code: self.code.clone(), name: Some(name) };
            return Ok(client.sign_in(&wanted).await?.secret);
        }
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdin());
        if self.device || (terminal && !self.with_token) {
            return device(session, client, name).await;
        }
        if terminal {
            session.printer.note("reading the token from this terminal");
        }
        Ok(prompt::secret("API token")?.trim().to_owned())
    }
}

/// Shows a code and asks until somebody has entered it (RFC 8628 §3.4, §3.5).
async fn device(session: &Session, client: &Client, name: String) -> Result<String, Error> {
    let begun = client.device_begin(&DeviceBegin { name: Some(name) }).await?;
    session.printer.note(&format!("open {} and enter the code", begun.verification_uri));
    output::complain(&begun.user_code);
    session.printer.note(&format!("or go straight to {}", begun.verification_uri_complete));
    let asked = DeviceRedeem { device_code: begun.device_code };
    let mut interval = Duration::from_secs(begun.interval.into());
    loop {
        tokio::time::sleep(interval).await;
        match client.device_redeem(&asked).await {
            Ok(made) => return Ok(made.secret),
            Err(error) => match error.problem().map(|problem| problem.code.as_str()) {
                Some("authorization_pending") => {}
                Some("slow_down") => interval += Duration::from_secs(5),
                _ => return Err(error.into()),
            },
        }
    }
}

/// What this machine is called, for people who look through their sessions.
fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().take(60).collect();
    if name.is_empty() { "a machine".to_owned() } else { name }
}

impl Logout {
    /// Forgets the token. The server is asked only with `--end`, so that this works while it is down.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let dir = session.config_dir()?;
        let mut config = session.config.clone();
        let named =
            session.globals.context.clone().or_else(|| session.environment.context.clone()).or_else(|| config.current.clone());
        let name = named.ok_or(Error::NotLoggedIn)?;
        config.context(&name)?;
        if self.end {
            session.client()?.sign_out().await?;
        }
        if let Some(context) = config.contexts.get_mut(&name) {
            context.token = None;
        }
        config.save(dir)?;
        session.printer.change("context", &name, "logged out", &json!({ "name": name, "logged_in": false }))?;
        if !self.end {
            session
                .printer
                .note("the token or session itself still works; `logout --end` ends a session, `token revoke` a token");
        }
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
