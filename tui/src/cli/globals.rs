//! Options that every command takes.

use std::path::PathBuf;

use clap::Args;

use super::output::{ColorChoice, Format, Shape};

/// Options that every command takes; flatten them into the top-level parser.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Server's base URL.
    #[arg(
        help = "Server's base URL [env: TIDEMILL_SERVER]",
        long,
        global = true,
        value_name = "URL",
        help_heading = "Global options"
    )]
    pub server: Option<String>,
    /// Use the server whose data is in DIR, on this machine.
    #[arg(
        help = "Use the server whose data is in DIR, on this machine [env: TIDEMILL_DATA_DIR]",
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    pub data_dir: Option<PathBuf>,
    /// Use this stored context.
    #[arg(
        help = "Use this stored context [env: TIDEMILL_CONTEXT]",
        short = 'C',
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub context: Option<String>,
    /// Act on this workspace: slug or id.
    #[arg(
        help = "Act on this workspace: slug or id [env: TIDEMILL_WORKSPACE]",
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Global options"
    )]
    pub workspace: Option<String>,
    /// Read the API token from FILE.
    #[arg(
        help = "Read the API token from FILE [env for the token itself: TIDEMILL_TOKEN]",
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub token_file: Option<PathBuf>,
    /// Trust the certificate authority in FILE (PEM) too.
    #[arg(
        help = "Trust the certificate authority in FILE (PEM) too, for a server with a certificate of your own [env: TIDEMILL_CA]",
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub ca: Option<PathBuf>,
    /// Format of the output.
    #[arg(
        help = "Format of the output [env: TIDEMILL_OUTPUT]",
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    pub output: Option<Format>,
    /// Print what a jq filter makes of the JSON: a line per output
    #[arg(long, global = true, value_name = "FILTER", conflicts_with = "template")]
    pub jq: Option<String>,
    /// Print a template, filled in per thing: '{{ id }} {{ status }}'
    #[arg(long, global = true, value_name = "TEXT")]
    pub template: Option<String>,
    /// Leave the line of column names out
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Print ids only, and no notices
    #[arg(long, global = true)]
    pub quiet: bool,
    /// When to use colour.
    #[arg(
        help = "When to use colour [env: TIDEMILL_COLOR]",
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        help_heading = "Global options"
    )]
    pub color: Option<ColorChoice>,
}

impl Globals {
    /// What is made of JSON before it is printed.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        let template = self.template.clone().map(Shape::Template);
        self.jq.clone().map(Shape::Jq).or(template)
    }

    /// Whether the output is to be JSON.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.output.is_some_and(Format::is_json)
    }
}
