//! The arguments of `tidemill serve`, and where each of them came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

use super::{Origin, Settings, keys};

/// The arguments of `tidemill serve`, the environment included.
#[derive(Debug, Clone, Default)]
pub struct ServeArgs {
    pub(super) config: Option<PathBuf>,
    pub(super) settings: Settings,
    /// Of the settings that are set.
    pub(super) origins: BTreeMap<String, Origin>,
}

/// What clap reads.
#[derive(Debug, Args)]
struct Flags {
    /// Configuration file (TOML) [default: tidemill.toml in the data directory, else /etc/tidemill/tidemill.toml, where there is one]
    #[arg(long, value_name = "FILE", env = "TIDEMILL_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        let origins = keys()
            .into_iter()
            .filter_map(|key| Some((key.name.clone(), origin(matches.value_source(&key.name)?, key.variable)?)));
        let origins = origins.collect();
        let Flags { config, settings } = Flags::from_arg_matches_mut(matches)?;
        Ok(Self { config, settings, origins })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn origin(source: ValueSource, variable: String) -> Option<Origin> {
    match source {
        ValueSource::CommandLine => Some(Origin::Flag),
        ValueSource::EnvVariable => Some(Origin::Variable(variable)),
        _ => None,
    }
}

impl Args for ServeArgs {
    fn group_id() -> Option<Id> {
        Some(Id::from("ServeArgs"))
    }

    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}
