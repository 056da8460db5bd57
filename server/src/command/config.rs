//! `tidemill config`: is the configuration right, what is it, and what could it be?

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Failure;
use super::print::print;
use crate::config::{Loaded, ServeArgs, Shown, sample};
use crate::{serve, telemetry};

/// The configuration of the server
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  tidemill config default > tidemill.toml\n  tidemill config check --config tidemill.toml\n  tidemill config show --data-dir /srv/tidemill"
)]
pub enum Config {
    /// Say whether a server would take the configuration, and where it is wrong
    #[command(after_help = "Example:\n  tidemill config check --config tidemill.toml")]
    Check(Box<ServeArgs>),
    /// Print each setting with its value and where that came from; secrets are masked
    #[command(after_help = "Examples:\n  tidemill config show\n  tidemill config show -o json")]
    Show(Box<ServeArgs>),
    /// Print a configuration file with every setting, what it is and its default
    #[command(after_help = "Example:\n  tidemill config default > tidemill.toml")]
    Default(Default),
}

/// `tidemill config default`.
#[derive(Debug, Args)]
pub struct Default {}

impl Config {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match self {
            Self::Check(args) => check(*args),
            Self::Show(args) => show(*args, json),
            Self::Default(Default {}) => print(&sample()),
        }
    }
}

fn check(args: ServeArgs) -> Result<(), Failure> {
    let loaded = match Loaded::load(args) {
        Ok(loaded) => loaded,
        Err(error) => return complain(error.each()),
    };
    let mut mistakes: Vec<Failure> = serve::check_files(&loaded.config).into_iter().map(Failure::from).collect();
    mistakes.extend(telemetry::check_level(&loaded.config.log_level).err().map(Failure::from));
    if !mistakes.is_empty() {
        return complain(mistakes);
    }
    let source = loaded.file.as_ref().map_or("there is no file".to_owned(), |file| file.display().to_string());
    let set = loaded.shown().iter().filter(|shown| shown.is_set()).count();
    println!("ok: {source}; {set} settings are set, the others have their defaults");
    Ok(())
}

/// One mistake is the error; of more there is a list.
fn complain(mut mistakes: Vec<impl Into<Failure>>) -> Result<(), Failure> {
    if mistakes.len() == 1
        && let Some(only) = mistakes.pop()
    {
        return Err(only.into());
    }
    let count = mistakes.len();
    for mistake in mistakes {
        let mistake: Failure = mistake.into();
        eprintln!("error: {mistake}");
        let mut cause = mistake.source();
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
    }
    Err(format!("there are {count} mistakes").into())
}

fn show(args: ServeArgs, json: bool) -> Result<(), Failure> {
    let shown = Loaded::load(args)?.shown();
    if json {
        return print(&format!("{:#}\n", Value::Array(shown.iter().map(as_json).collect())));
    }
    let width = |of: fn(&Shown) -> usize| shown.iter().map(of).max().unwrap_or_default();
    let (names, values) = (width(|one| one.key.name.len()), width(|one| one.value.chars().count()).min(48));
    let line = |one: &Shown| format!("{:names$}  {:values$}  {}\n", one.key.name, one.value, one.origin);
    print(&shown.iter().map(line).collect::<String>())
}

fn as_json(shown: &Shown) -> Value {
    let Shown { key, value, origin } = shown;
    json!({
        "key": key.name,
        "value": value,
        "from": origin.to_string(),
        "default": key.default,
        "unit": key.unit().trim(),
        "since": key.since,
        "reloaded": key.is_reloaded(),
    })
}
