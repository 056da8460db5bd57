//! What every command has at hand: options, environment, configuration, a printer, and a client on request.

use std::path::{Path, PathBuf};

use super::config::{Config, Context};
use super::environment::Environment;
use super::globals::Globals;
use super::output::Printer;
use super::{Error, prompt, target};
use crate::client::{Client, ClientConfig};

/// One call of the command line.
#[derive(Debug)]
pub struct Session {
    /// The options that every command takes.
    pub globals: Globals,
    /// What the environment says.
    pub environment: Environment,
    /// Contexts and defaults.
    pub config: Config,
    /// Where output goes.
    pub printer: Printer,
}

impl Session {
    /// Reads environment and configuration.
    pub fn new(globals: Globals) -> Result<Self, Error> {
        let environment = Environment::read();
        let config = environment.config_dir.as_deref().map(Config::load).transpose()?.unwrap_or_default();
        let printer = Printer::new(&globals, &environment, &config)?;
        for key in config.unknown.keys() {
            printer.note(&format!("config.toml: `{key}` is not known; known are current, previous, output, color, contexts"));
        }
        Ok(Self { globals, environment, config, printer })
    }

    /// Which server, token and workspace this call is for.
    pub fn target(&self) -> Result<ClientConfig, Error> {
        target::resolve(&self.globals, &self.environment, &self.config)
    }

    /// The file with the operator's own certificate authority, when this call names one: as a path that can be kept.
    pub fn ca(&self) -> Option<PathBuf> {
        let named = self.globals.ca.as_ref().or(self.environment.ca.as_ref())?;
        Some(std::path::absolute(named).unwrap_or_else(|_| named.clone()))
    }

    /// The stored context that this call acts on, with its name, if it is one.
    pub fn context(&self) -> Option<(String, Context)> {
        let (name, context) = target::chosen(&self.globals, &self.environment, &self.config).ok()?;
        name.map(|name| (name, context))
    }

    /// Asks whether to go on with something that can't be taken back. A protected context asks for its name; without a
    /// person `--yes` is enough only where `--context` names it.
    pub fn confirm(&self, question: &str, yes: bool) -> Result<bool, Error> {
        match self.context().filter(|(_, context)| context.protected) {
            Some((name, _)) if yes && self.globals.context.as_ref() == Some(&name) => Ok(true),
            Some((name, _)) => prompt::confirm_name(question, &name),
            None => prompt::confirm(question, yes),
        }
    }

    /// A client for [`Self::target`].
    pub fn client(&self) -> Result<Client, Error> {
        Ok(Client::new(&self.target()?)?)
    }

    /// Where the configuration lives.
    pub fn config_dir(&self) -> Result<&Path, Error> {
        let missing =
            || Error::Usage("no place for the configuration: set HOME, XDG_CONFIG_HOME or TIDEMILL_CONFIG_DIR".to_owned());
        self.environment.config_dir.as_deref().ok_or_else(missing)
    }
}
