//! The order of a bench: install, load after load, then Postgres alone, then leave nothing behind.

use super::load::drive;
use super::report::{Load, Report};
use super::target::Target;
use super::{BenchOptions, Error, Scenario, bulk, scenario};

/// Runs the bench. `progress` gets a line for people before each part.
///
/// # Errors
/// Every [`Error`]. A temporary server is stopped and its directory removed in any case.
pub async fn run(options: &BenchOptions, progress: impl Fn(&str)) -> Result<Report, Error> {
    let Scenario::WebhookSync = options.scenario;
    progress("preparing the server");
    let target = Target::open(options).await?;
    let installed = scenario::install(&target).await?;
    let mut seen = Vec::new();
    for &clients in &options.clients {
        progress(&format!("{clients} clients for {} s", options.duration.as_secs()));
        seen.push((clients, drive(&target.address, &installed.delivery, clients, options.duration).await?));
    }
    scenario::remove(&target).await?;
    let events_per_execution = installed.events.len();
    let bulk_per_second = match target.postgres_url.clone() {
        Some(url) => {
            progress("Postgres alone");
            Some(bulk::rate(url, installed.events, options.duration).await?)
        }
        None => None,
    };
    let loads = seen.iter().map(|(clients, seen)| Load::new(*clients, seen, bulk_per_second)).collect();
    Ok(Report { scenario: "webhook-sync", loads, bulk_per_second, events_per_execution })
}
