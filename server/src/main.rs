//! The `tidemill` binary: puts server and terminal front end together. No logic lives here.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tidemill_server::command::ServerCommand;
use tidemill_tui::cli::{Binary, ClientCommand, Globals};

/// Workflow automation in one binary.
///
/// `tidemill serve` is the whole platform; `tidemill tui` is its face in the terminal; everything else is a command.
#[derive(Debug, Parser)]
#[command(name = "tidemill", version, arg_required_else_help = true, max_term_width = 80)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    globals: Globals,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Server(ServerCommand),
    #[command(flatten)]
    Client(ClientCommand),
}

fn main() -> ExitCode {
    tidemill_tui::cli::complete(Cli::command);
    let Cli { command, globals } = Cli::parse();
    match command {
        Command::Server(command) => tidemill_server::command::run(command, globals.wants_json()),
        Command::Client(command) => {
            let binary = Binary {
                parser: Cli::command,
                check: tidemill_server::command::check,
                carries: tidemill_server::assets::titles,
            };
            tidemill_tui::cli::run(command, globals, binary)
        }
    }
}
