//! The arguments of `tidemill bench`.

use std::time::Duration;

use clap::{Args, ValueEnum};

/// What to drive, how hard, how long.
#[derive(Debug, Clone, Args)]
pub struct BenchOptions {
    /// Server to drive, http://HOST:PORT [default: a temporary one]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// API token of an editor or administrator of that server
    #[arg(long, value_name = "TOKEN", env = "TIDEMILL_TOKEN", hide_env_values = true, requires = "url")]
    pub token: Option<String>,
    /// Postgres of that server, for the bulk rate [default: none with --url]
    #[arg(long, value_name = "URL", requires = "url", hide_env_values = true)]
    pub postgres_url: Option<String>,
    /// Directory of the Postgres programs for the temporary server [default: found by itself]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_POSTGRES_BIN")]
    pub postgres_bin: Option<std::path::PathBuf>,
    /// What is done
    #[arg(long, value_enum, default_value_t = Scenario::WebhookSync)]
    pub scenario: Scenario,
    /// Clients at the same time; one measurement each
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1, 64, 256], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clients: Vec<u32>,
    /// Length of each measurement, for example 10s
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = seconds)]
    pub duration: Duration,
}

/// What each client does, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Posts to a webhook with `respond: when_finished` of a workflow with three steps.
    WebhookSync,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text);
    match number.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("expected seconds from 1s to 3600s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        bench: BenchOptions,
    }

    fn parse(arguments: &[&str]) -> Result<BenchOptions, clap::Error> {
        let matches = Cli::command().mut_arg("token", |token| token.env(None::<&str>)).try_get_matches_from(arguments)?;
        Cli::from_arg_matches(&matches).map(|cli| cli.bench)
    }

    #[test]
    fn the_defaults_are_those_of_the_figures() {
        let options = parse(&["bench"]).unwrap();
        assert_eq!((options.clients, options.duration), (vec![1, 64, 256], Duration::from_secs(10)));
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [["bench", "--duration", "0s"], ["bench", "--clients", "0"], ["bench", "--token", "x"]] {
            assert!(parse(&arguments).is_err(), "{arguments:?}");
        }
    }
}
