//! The order of a bench: per scenario a server, the measurement, and nothing left behind.

use super::report::{Report, Section};
use super::stage::Stage;
use super::target::Target;
use super::{BenchOptions, Error, files};

/// Measures what the options name, one scenario after the other. `progress` gets a line for people before each part, `done`
/// the figures of each scenario as soon as they are there.
///
/// # Errors
/// Every [`Error`]. A temporary server is stopped and its directory removed in any case.
pub async fn run(options: &BenchOptions, progress: impl Fn(&str), done: impl Fn(&Section)) -> Result<Report, Error> {
    files::raise_limit();
    let mut report = Report::default();
    for scenario in options.wanted() {
        progress(&format!("{}: preparing the server", scenario.name()));
        let target = Target::open(options).await?;
        let stage = Stage { options, target: &target, scenario, progress: &progress };
        let section = scenario.measure(&stage).await?;
        done(&section);
        report.scenarios.push(section);
    }
    Ok(report)
}
