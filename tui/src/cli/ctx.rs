//! `ctx`: the stored contexts. Never talks to a server, so that switching works while one is down.

use clap::{Args, Subcommand};
use serde_json::json;

use super::config::{Config, Context};
use super::output::ContextRow;
use super::session::Session;
use super::{Error, Exit};

/// Lists, adds, switches and removes contexts
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  tidemill ctx ls\n  tidemill ctx use prod\n  tidemill ctx use -")]
pub enum Ctx {
    /// Add a context without a token; `login` adds one with
    Add(Add),
    /// Switch to a context; `-` is the one before
    Use(Use),
    /// List the contexts
    #[command(visible_alias = "list", after_help = "Example:\n  tidemill ctx ls -o json")]
    Ls,
    /// Remove a context and its token
    Rm(Rm),
}

/// Add a context without a token; `login` adds one with
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tidemill ctx add prod https://flows.example.com --workspace acme --protected\n  tidemill ctx add lab https://flows.lab --ca /etc/ssl/lab-ca.pem"
)]
pub struct Add {
    /// Its name
    name: String,
    /// The server's base URL
    #[arg(value_name = "URL")]
    url: String,
    /// Ask for the context's name before anything that can't be taken back
    #[arg(long)]
    protected: bool,
    /// Let the full-screen front end show only
    #[arg(long)]
    readonly: bool,
}

/// Switch to a context; `-` is the one before
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill ctx use prod\n  tidemill ctx use -")]
pub struct Use {
    /// Its name
    #[arg(allow_hyphen_values = true)]
    name: String,
}

/// Remove a context and its token
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill ctx rm old")]
pub struct Rm {
    /// Its name
    name: String,
}

impl Ctx {
    /// Does what was asked.
    pub fn run(self, session: &Session) -> Result<Exit, Error> {
        let mut config = session.config.clone();
        let (name, verbed) = match self {
            Self::Ls => {
                session.printer.list(&rows(&config))?;
                return Ok(Exit::Ok);
            }
            Self::Add(Add { name, url, protected, readonly }) => {
                // The token of a context that is changed stays, as long as it is for the same server.
                let token =
                    config.contexts.get(&name).filter(|known| known.server == url).and_then(|known| known.token.clone());
                let workspace = session.globals.workspace.clone();
                let context = Context { server: url, token, workspace, ca: session.ca(), protected, readonly };
                config.contexts.insert(name.clone(), context);
                (name, "added")
            }
            Self::Use(Use { name }) => {
                let before = config.previous.clone().filter(|_| name == "-");
                let name = before.unwrap_or(name);
                config.switch_to(&name)?;
                (name, "in use")
            }
            Self::Rm(Rm { name }) => {
                config.remove(&name)?;
                (name, "removed")
            }
        };
        config.save(session.config_dir()?)?;
        session.printer.change("context", &name, verbed, &json!({ "name": name, "state": verbed }))?;
        Ok(Exit::Ok)
    }
}

fn rows(config: &Config) -> Vec<ContextRow> {
    let row = |(name, context): (&String, &Context)| ContextRow {
        name: name.clone(),
        current: config.current.as_ref() == Some(name),
        server: context.server.clone(),
        workspace: context.workspace.clone(),
        logged_in: context.token.is_some(),
        protected: context.protected,
    };
    config.contexts.iter().map(row).collect()
}
