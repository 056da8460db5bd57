//! `version`, `completions` and the help topics: what the binary knows about itself.

use clap::{Args, Command};
use clap_complete::Shell;
use serde_json::json;

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

impl Version {
    /// Prints it.
    pub fn run(self, session: &Session) -> Result<Exit, Error> {
        let version = env!("CARGO_PKG_VERSION");
        let whole = json!({ "version": version, "schema": OUTPUT_SCHEMA });
        let text = session.printer.document(&whole).unwrap_or_else(|| format!("tidemill {version}\n"));
        session.printer.write(&text)?;
        Ok(Exit::Ok)
    }
}

impl Completions {
    /// Prints the script for the whole `parser`.
    pub fn run(self, session: &Session, mut parser: Command) -> Result<Exit, Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut parser, "tidemill", &mut script);
        session.printer.write_bytes(&script)?;
        Ok(Exit::Ok)
    }
}

/// The table behind `tidemill exit-codes`.
#[must_use]
pub fn exit_codes() -> String {
    Exit::ALL.iter().map(|(exit, meaning)| format!("{:>4}  {meaning}\n", exit.code())).collect()
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
