//! The arguments of `tidemill selftest`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Prove on this machine what the documentation promises
#[derive(Debug, Subcommand)]
pub enum Selftest {
    /// Kill a server under load, again and again, and prove that nothing acknowledged was lost or done twice
    #[command(
        after_help = "Examples:\n  tidemill selftest crash\n  tidemill selftest crash --kills 200 --postgres\n  tidemill selftest crash --seed 42 -o json"
    )]
    Crash(CrashOptions),
}

/// How often, what, and where.
#[derive(Debug, Clone, Args)]
pub struct CrashOptions {
    /// How often something is killed
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub kills: u32,
    /// Kill the server's Postgres as well, at times both at once
    #[arg(long)]
    pub postgres: bool,
    /// Decides what is killed and when; the same seed gives the same schedule [default: chosen and printed]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Senders at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub senders: u32,
    /// Directory of the server; must be empty or missing, and stays afterwards [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Directory of the Postgres programs [default: found by itself]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_POSTGRES_BIN")]
    pub postgres_bin: Option<PathBuf>,
}
