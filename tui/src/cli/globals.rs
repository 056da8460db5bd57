//! Options that every command takes.

use std::path::PathBuf;

use clap::Args;

use super::output::{ColorChoice, Format};

/// Options that every command takes; flatten them into the top-level parser.
#[derive(Debug, Clone, Default, Args)]
pub struct Globals {
    /// Server's base URL [env: TIDEMILL_SERVER]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub server: Option<String>,
    /// Use the server whose data is in DIR, on this machine [env: TIDEMILL_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub data_dir: Option<PathBuf>,
    /// Use this stored context [env: TIDEMILL_CONTEXT]
    #[arg(short = 'C', long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub context: Option<String>,
    /// Act on this workspace: slug or id [env: TIDEMILL_WORKSPACE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub workspace: Option<String>,
    /// Read the API token from FILE [env for the token itself: TIDEMILL_TOKEN]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub token_file: Option<PathBuf>,
    /// Format of the output [env: TIDEMILL_OUTPUT]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT", help_heading = "Global options")]
    pub output: Option<Format>,
    /// Leave the line of column names out
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_headers: bool,
    /// Print ids only, and no notices
    #[arg(long, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// When to use colour [env: TIDEMILL_COLOR]
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = "Global options")]
    pub color: Option<ColorChoice>,
}
