//! The arguments of `tidemill bench`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Scenario;

/// What to drive, how hard, how long.
#[derive(Debug, Clone, Args)]
pub struct BenchOptions {
    /// Server to drive, http://HOST:PORT [default: a temporary one per scenario]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// API token of an editor or administrator of that server
    #[arg(long, value_name = "TOKEN", env = "TIDEMILL_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Postgres of that server, for the bulk rate and for checks [default: none with --url]
    #[arg(long, value_name = "URL", requires = "url", hide_env_values = true)]
    pub postgres_url: Option<String>,
    /// Directory of the Postgres programs for temporary servers [default: found by itself]
    #[arg(long, value_name = "DIR", env = "TIDEMILL_POSTGRES_BIN")]
    pub postgres_bin: Option<std::path::PathBuf>,
    /// What is measured, separated by commas; see --list [default: all that together take less than two minutes]
    #[arg(long, value_name = "SCENARIOS", value_enum, value_delimiter = ',', hide_possible_values = true)]
    pub scenario: Vec<Scenario>,
    /// Print the scenarios and what each does
    #[arg(long)]
    pub list: bool,
    /// Clients at the same time; webhook-sync measures each number, other scenarios take the largest
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_values_t = [1, 64, 256], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub clients: Vec<u32>,
    /// Length of each measurement, for example 10s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = seconds)]
    pub duration: Duration,
    /// Waits of the scenario timers that end in the same moment
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub timers: u32,
    /// WebSockets of the scenario followers
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub followers: u32,
    /// Executions that the lists of the scenario pages are over
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub executions: u32,
}

impl BenchOptions {
    /// The scenarios that are wanted, each once.
    pub(super) fn wanted(&self) -> Vec<Scenario> {
        if self.scenario.is_empty() {
            return Scenario::value_variants().iter().copied().filter(|scenario| scenario.is_short()).collect();
        }
        let mut wanted = self.scenario.clone();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// The largest number of clients.
    pub(super) fn most_clients(&self) -> u32 {
        self.clients.iter().copied().max().unwrap_or(1)
    }
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
        assert_eq!((options.clients.clone(), options.duration), (vec![1, 64, 256], Duration::from_secs(5)));
        let wanted = options.wanted();
        assert!(wanted.contains(&Scenario::WebhookSync) && !wanted.contains(&Scenario::Pages), "{wanted:?}");
    }

    #[test]
    fn scenarios_are_a_list_in_one_order() {
        let options = parse(&["bench", "--scenario", "timers,webhook-sync,timers"]).unwrap();
        assert_eq!(options.wanted(), [Scenario::WebhookSync, Scenario::Timers]);
    }

    #[test]
    fn nonsense_is_refused() {
        for arguments in [
            ["bench", "--duration", "0s"],
            ["bench", "--clients", "0"],
            ["bench", "--scenario", "x"],
            ["bench", "--timers", "0"],
        ] {
            assert!(parse(&arguments).is_err(), "{arguments:?}");
        }
    }
}
