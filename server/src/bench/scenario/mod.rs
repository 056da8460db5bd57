//! What is measured: one file per scenario, each from the workflow that it installs to its rows of figures.

mod chain;
mod code_steps;
mod fan_out;
mod followers;
mod idle;
mod nodes;
mod pages;
mod retention;
mod saturation;
mod screen;
mod timers;
mod webhook_async;
mod webhook_sync;

use clap::ValueEnum;

use super::stage::Stage;
use super::{Error, Section};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Scenario {
    /// a webhook that answers with the result of three transform steps
    WebhookSync,
    /// a webhook that answers as soon as the delivery is committed; three transform steps
    WebhookAsync,
    /// 100 steps one after the other, many executions at once: without effects (one commit), and with a commit each
    Chain,
    /// the smallest Python, JavaScript and SQL step in the sandbox, beside a bare process and `python3 -c pass`
    CodeSteps,
    /// one step over 1 000 items (`for_each`), one execution at a time
    FanOut,
    /// many waits that end in the same moment (--timers)
    Timers,
    /// many WebSockets that follow the same execution (--followers)
    Followers,
    /// twice as many deliveries as the server can take
    Saturation,
    /// pages of a list over very many executions, with filters (--executions); takes minutes
    Pages,
    /// two servers on one Postgres against one of them alone
    Nodes,
    /// the end of a day with very many executions (--executions); takes minutes
    Retention,
    /// statements a minute of a server that has nothing to do
    Idle,
    /// the full-screen front end: its first frame, and frames and memory with 100 000 executions
    Screen,
}

/// The scenarios and what each does, one a line; those that are measured when none is named have a star.
#[must_use]
pub fn list() -> String {
    let line = |scenario: &Scenario| {
        let star = if scenario.is_short() { '*' } else { ' ' };
        format!("{star} {:<14} {}\n", scenario.name(), scenario.about())
    };
    let lines: String = Scenario::value_variants().iter().map(line).collect();
    format!("{lines}\n* measured when --scenario names none\n")
}

impl Scenario {
    /// Its name on the command line.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What it does, in words.
    pub(super) fn about(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    /// Whether it is one of those that are measured when none is named.
    pub(super) fn is_short(self) -> bool {
        !matches!(self, Self::Pages | Self::Nodes | Self::Retention | Self::Idle)
    }

    /// Measures it.
    pub(super) async fn measure(self, stage: &Stage<'_>) -> Result<Section, Error> {
        match self {
            Self::WebhookSync => webhook_sync::measure(stage).await,
            Self::WebhookAsync => webhook_async::measure(stage).await,
            Self::Chain => chain::measure(stage).await,
            Self::CodeSteps => code_steps::measure(stage).await,
            Self::FanOut => fan_out::measure(stage).await,
            Self::Timers => timers::measure(stage).await,
            Self::Followers => followers::measure(stage).await,
            Self::Saturation => saturation::measure(stage).await,
            Self::Pages => pages::measure(stage).await,
            Self::Nodes => nodes::measure(stage).await,
            Self::Retention => retention::measure(stage).await,
            Self::Idle => idle::measure(stage).await,
            Self::Screen => screen::measure(stage).await,
        }
    }
}
