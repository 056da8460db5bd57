//! The commands that need the server's own code: `serve`, `config`, `backup`, `restore`, `doctor`, `bench`, `selftest`, `schema`, `openapi`.

mod backup;
mod config;
mod doctor;
mod print;
mod rotate_key;
mod upgrade;

use std::error::Error as StdError;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use tidemill_common::api::workflow::ValidationView;

use crate::config::{Loaded, ServeArgs};
use crate::selftest::Selftest;
use crate::step_host::StepHostArgs;
use print::print;

use crate::{api, app, bench, domain, selftest, serve, step_host, telemetry};

/// Commands that need the server's own code.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Run the server: API, webhooks, schedules, executor, its own Postgres
    #[command(
        after_help = "Examples:\n  tidemill serve\n  tidemill serve --listen 0.0.0.0:7700 --data-dir /srv/tidemill\n  tidemill serve --database-url postgres://tidemill@db.example/tidemill?sslmode=verify-full\n\nEvery flag is also a key of the configuration file: see tidemill config default. SIGHUP makes a running server read it again."
    )]
    Serve(Box<ServeArgs>),
    /// Check, show or begin the configuration of the server
    #[command(subcommand)]
    Config(config::Config),
    /// Write one moment of the server's database into one file, while the server runs; `backup verify` proves it
    Backup(Box<backup::Backup>),
    /// Restore a backup into an empty data directory, or with --database-url into an empty database
    Restore(Box<backup::Restore>),
    /// Check whether a server can run here, and say what to do where it can't
    #[command(
        after_help = "The exit code is 1 when something doesn't work; warnings are none.\n\nExamples:\n  tidemill doctor\n  tidemill doctor -o json\n  tidemill doctor --bundle /tmp/tidemill-doctor.tar"
    )]
    Doctor(Box<doctor::Doctor>),
    /// Try the migrations of this version on a copy of the server's database: how long they take, and whom they hold up
    #[command(
        after_help = "The server goes on meanwhile; nothing of it is changed. Run it with the newer binary, before that one is installed.\n\nExamples:\n  \
                      ./tidemill-new upgrade --rehearse --data-dir /srv/tidemill\n  ./tidemill-new upgrade --rehearse --backup /backups/tidemill.tar\n  tidemill upgrade postgres --data-dir /srv/tidemill"
    )]
    Upgrade(Box<upgrade::Upgrade>),
    /// Make a new key of the server and seal all secrets with it; servers go on meanwhile
    #[command(
        after_help = "The new key is a file in the data directory: back it up. With several nodes, make it with --prepare, copy it into each \
                      node's data directory, and then run this again without --prepare.\n\nExample:\n  tidemill rotate-key --data-dir \
                      /var/lib/tidemill"
    )]
    RotateKey(Box<rotate_key::RotateKey>),
    /// Measure a server, and in the same run what its Postgres can do
    #[command(
        after_help = "Examples:\n  tidemill bench\n  tidemill bench --list\n  tidemill bench --scenario webhook-sync --clients 1,64,256 --duration 10s -o json"
    )]
    Bench(Box<bench::BenchOptions>),
    /// Prove on this machine what the documentation promises
    #[command(subcommand)]
    Selftest(Selftest),
    /// Print the JSON Schema of workflow files
    #[command(after_help = "Example:\n  tidemill schema > tidemill.schema.json")]
    Schema(Schema),
    /// Print the OpenAPI document of the API
    #[command(after_help = "Example:\n  tidemill openapi > openapi.json")]
    Openapi(Openapi),
    /// Run the code of steps; the server starts this itself
    #[command(hide = true)]
    StepHost(StepHostArgs),
}

/// `tidemill schema`.
#[derive(Debug, Args)]
pub struct Schema {}

/// `tidemill openapi`.
#[derive(Debug, Args)]
pub struct Openapi {}

/// Carries out a command; `json` asks for its figures as JSON. Errors go to stderr, one line per cause.
#[must_use]
pub fn run(command: ServerCommand, json: bool) -> ExitCode {
    let outcome = match command {
        ServerCommand::Serve(args) => run_server(*args),
        ServerCommand::Config(command) => command.run(json),
        ServerCommand::Backup(command) => command.run(json),
        ServerCommand::Restore(command) => command.run(json),
        ServerCommand::Doctor(command) => return command.run(json),
        ServerCommand::Upgrade(command) => command.run(json),
        ServerCommand::RotateKey(args) => args.run(),
        ServerCommand::StepHost(args) => return step_host::run(&args),
        ServerCommand::Bench(args) => run_bench(&args, json),
        ServerCommand::Selftest(Selftest::Crash(options)) => run_selftest(&options, json),
        ServerCommand::Schema(Schema {}) => print(&format!("{:#}\n", domain::workflow::json_schema())),
        ServerCommand::Openapi(Openapi {}) => print(&api::openapi_document()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// Checks a workflow file as the API does, but without a server: the code of code steps is not compiled.
#[must_use]
pub fn check(source: &str) -> ValidationView {
    match domain::workflow::compile(source) {
        Ok(plan) => {
            ValidationView { valid: true, errors: Vec::new(), warnings: Vec::new(), steps: app::workflow_outline(&plan) }
        }
        Err(errors) => ValidationView { valid: false, errors, warnings: Vec::new(), steps: Vec::new() },
    }
}

type Failure = Box<dyn StdError>;

fn run_server(args: ServeArgs) -> Result<(), Failure> {
    let loaded = Loaded::load(args.clone())?;
    let level = telemetry::init_logs(loaded.config.log_format, &loaded.config.log_level)?;
    Ok(runtime()?.block_on(serve::run(loaded, args, level))?)
}

fn run_bench(args: &bench::BenchOptions, json: bool) -> Result<(), Failure> {
    if args.list {
        print!("{}", bench::list());
        return Ok(());
    }
    let done = |section: &bench::Section| {
        if !json {
            println!("{section}");
        }
    };
    let report = runtime()?.block_on(bench::run(args, |step| eprintln!("{step} …"), done))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}

fn run_selftest(options: &selftest::CrashOptions, json: bool) -> Result<(), Failure> {
    let report = runtime()?.block_on(selftest::run(options, |step| eprintln!("{step} …")))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    if report.holds() { Ok(()) } else { Err("promises were broken; see above".into()) }
}

fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
