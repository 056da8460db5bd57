//! `version`, `completions` and the help topics: what the binary knows about itself.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_complete::env::Shells;
use serde_json::json;

use super::output;
use super::session::Session;
use super::{Error, Exit};

/// Version of the JSON output's field names: additions don't change it.
const OUTPUT_SCHEMA: u32 = 1;

/// Print the version
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill version\n  tidemill version -o json")]
pub struct Version {}

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  tidemill completions bash > /etc/bash_completion.d/tidemill\n  tidemill completions zsh > \
                        ~/.zfunc/_tidemill"
)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write a manual page per command
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tidemill man /usr/local/share/man/man1")]
pub struct Man {
    /// The directory that they are written into
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Man {
    /// Writes `tidemill.1`, `tidemill-apply.1` and so on, from the tree that parses the command line.
    pub fn run(self, parser: Command) -> Result<Exit, Error> {
        std::fs::create_dir_all(&self.dir).map_err(|source| Error::File { path: self.dir.clone(), source })?;
        clap_mangen::generate_to(parser, &self.dir).map_err(|source| Error::File { path: self.dir.clone(), source })?;
        output::complain(&format!("# written to {}", self.dir.display()));
        Ok(Exit::Ok)
    }
}

impl Version {
    /// Prints it.
    pub fn run(session: &Session, carries: &[&str]) -> Result<Exit, Error> {
        let version = env!("CARGO_PKG_VERSION");
        let whole = json!({ "version": version, "schema": OUTPUT_SCHEMA, "carries": carries });
        let text = session.printer.document(&whole).unwrap_or_else(|| {
            carries.iter().fold(format!("tidemill {version}\n"), |text, title| text + "with " + title + "\n")
        });
        output::write(&text)?;
        Ok(Exit::Ok)
    }
}

impl Completions {
    /// Prints the script: it asks the binary, which knows its commands and asks the server for names.
    pub fn run(self) -> Result<Exit, Error> {
        let name = self.shell.to_string();
        let shells = Shells::builtins();
        let shell = shells.completer(&name).ok_or_else(|| Error::Usage(format!("no completions for {name}")))?;
        let mut script = Vec::new();
        shell.write_registration("COMPLETE", "tidemill", "tidemill", "tidemill", &mut script)?;
        output::write_bytes(&script)?;
        Ok(Exit::Ok)
    }
}

/// The table behind `tidemill exit-codes`.
#[must_use]
pub fn exit_codes() -> String {
    let lines: Vec<_> = Exit::ALL.iter().map(|(exit, meaning)| format!("{:>4}  {meaning}\n", exit.code())).collect();
    lines.concat()
}

/// The text behind `tidemill environment`.
pub const ENVIRONMENT: &str = "\
A flag beats a variable, a variable beats the context, the context beats the rest
of config.toml. Empty variables count as absent.

TIDEMILL_SERVER      the server's base URL
TIDEMILL_DATA_DIR    use the server whose data is there, on this machine
TIDEMILL_CONTEXT     name of a stored context
TIDEMILL_WORKSPACE   workspace to act on: slug or id
TIDEMILL_TOKEN       API token; beats a stored one
TIDEMILL_OUTPUT      format of the output, see --output
TIDEMILL_COLOR       auto, always or never
NO_COLOR             set: no colour
CLICOLOR_FORCE       set and not 0: colour in pipes too
TIDEMILL_CONFIG_DIR  where config.toml is; else $XDG_CONFIG_HOME/tidemill, else
                     ~/.config/tidemill
";
