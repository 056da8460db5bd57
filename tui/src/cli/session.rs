//! What every command has at hand: options, environment, configuration, a printer, and a client on request.

use std::path::Path;

use super::config::Config;
use super::environment::Environment;
use super::globals::Globals;
use super::output::Printer;
use super::{Error, target};
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
