//! The arguments of `tidemill serve`, and where each of them came from.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};
use url::Url;

use super::{Origin, SecretText, Settings, keys};

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
        let mut args = Self { config, settings, origins };
        args.hear_of_collector(|name| env::var(name).ok())?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ServeArgs {
    /// What the variables that all programs have for OpenTelemetry say, where ours say nothing.
    pub(super) fn hear_of_collector(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
        let Self { settings, origins, .. } = self;
        let mut heard = |key: &str, name: &str| {
            let text = variable(name).filter(|text| !text.is_empty())?;
            origins.insert(key.to_owned(), Origin::Variable(name.to_owned()));
            Some(text)
        };
        if settings.otlp_endpoint.is_none()
            && let Some(text) = heard("otlp_endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT")
        {
            let wrong = |error| format!("OTEL_EXPORTER_OTLP_ENDPOINT is no URL: {error}\n");
            let url = Url::parse(&text).map_err(|error| Error::raw(ErrorKind::ValueValidation, wrong(error)))?;
            settings.otlp_endpoint = Some(url);
        }
        if settings.otlp_headers.is_none() {
            settings.otlp_headers = heard("otlp_headers", "OTEL_EXPORTER_OTLP_HEADERS").map(SecretText::from);
        }
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
