//! The order of a selftest: start, load, kill after kill, rest, verdict.

use std::time::{Duration, Instant};

use tidemill_common::clock::{Clock as _, SystemClock};
use tokio::sync::watch;

use super::audit::{Evidence, judge};
use super::effects::Effects;
use super::faults::{self, Fault, SETTLING, Struck, Target};
use super::senders::Senders;
use super::server::Server;
use super::wire::Wire;
use super::{CrashOptions, Error, Report, workflows};
use crate::postgres;
use crate::store::queries::audit::Audit;

/// How long everything may take to come to an end after the last kill. The longest wait of a workflow is 1.5 s; a lease that
/// nobody knows of is given back within 10 s.
const REST: Duration = Duration::from_secs(120);

/// Decisions of the operator between two looks.
const DECISIONS: i64 = 100;

/// Kills between two lines of progress.
const PROGRESS: usize = 10;

/// Runs the selftest. `progress` gets a line for people before each part.
///
/// # Errors
/// Every [`Error`]: there is no verdict then. The server is stopped and its directory removed in any case, unless it is needed
/// to find out what went wrong.
pub async fn run(options: &CrashOptions, progress: impl Fn(&str)) -> Result<Report, Error> {
    let begin = Instant::now();
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    let schedule = faults::schedule(seed, options.kills, options.postgres);
    progress(&format!("seed {seed}: preparing the server"));
    let (wire, effects) = (Wire::new()?, Effects::start(seed).await?);
    let mut server = Server::new(options)?;
    server.spawn()?;
    let url = server.ready(&wire, "at its first start").await?;
    workflows::install(&wire, &url, &server.token()?, effects.url()).await?;

    let (address, addresses) = watch::channel(Some(url));
    let senders = Senders::start(options.senders, seed, &wire, &addresses);
    let mut struck = Vec::with_capacity(schedule.len());
    for (count, fault) in schedule.iter().enumerate() {
        if count % PROGRESS == 0 {
            let (sent, _) = senders.sent.counts();
            progress(&format!("kill {} of {}, {sent} deliveries sent", count + 1, schedule.len()));
        }
        struck.push(strike(&mut server, &wire, &address, *fault).await?);
    }
    progress("waiting until nothing is under way");
    let sent = senders.finish().await?;
    let mut audit = open_audit(&server).await?;
    audit = settle(audit, &mut server, &wire).await?;
    progress("holding what is known against each other");
    let evidence = Evidence {
        sent: sent.acknowledged(),
        odd: sent.odd(),
        calls: effects.calls(),
        struck,
        effects: effects.url().to_owned(),
    };
    let verdict = tokio::task::spawn_blocking(move || judge(&mut audit, &evidence)).await??;
    let count = |counted: &dyn Fn(&&Fault) -> bool| u32::try_from(schedule.iter().filter(counted).count()).unwrap_or(u32::MAX);
    let (deliveries, repetitions) = sent.counts();
    let report = Report {
        seed,
        server_kills: count(&|fault| fault.target.ends_server()),
        postgres_kills: count(&|fault| fault.target.to_postmaster().is_some()),
        deliveries,
        repetitions,
        acknowledged: u64::try_from(sent.acknowledged().len()).unwrap_or(u64::MAX),
        executions: verdict.executions,
        effects: verdict.effects,
        repeated_effects: verdict.repeated_effects,
        set_aside: verdict.set_aside,
        seconds: begin.elapsed().as_secs_f64(),
        checks: verdict.checks,
    };
    if !report.holds() {
        server.keep();
        progress(&format!("the data is kept in {}", server.dir().display()));
    }
    Ok(report)
}

fn random_seed() -> Result<u64, Error> {
    let number = getrandom::u64().map_err(|error| Error::Seed(error.into()))?;
    // Short enough to be typed.
    Ok(number >> 32)
}

/// Waits, kills, and brings everything back.
async fn strike(
    server: &mut Server,
    wire: &Wire,
    address: &watch::Sender<Option<String>>,
    fault: Fault,
) -> Result<Struck, Error> {
    let (mut at, mut losses) = (Instant::now(), Vec::new());
    if fault.target == Target::StartingServer {
        // To be killed while it starts it must have ended before.
        server.kill();
        losses.push(SystemClock.now());
        address.send_replace(None);
        server.spawn()?;
    }
    tokio::time::sleep(Duration::from_millis(fault.after_ms)).await;
    if fault.target != Target::StartingServer {
        at = Instant::now();
    }
    if let Some(signal) = fault.target.to_postmaster() {
        server.strike_postmaster(signal);
    }
    if fault.target.ends_server() {
        server.kill();
        losses.push(SystemClock.now());
        address.send_replace(None);
        let over = Instant::now();
        server.spawn()?;
        address.send_replace(Some(server.ready(wire, &after_fault(fault)).await?));
        return Ok(Struck { at, losses, over });
    }
    losses.push(SystemClock.now());
    // The same server goes on when Postgres is back.
    server.ready(wire, &after_fault(fault)).await?;
    Ok(Struck { at, losses, over: Instant::now() + SETTLING })
}

fn after_fault(fault: Fault) -> String {
    format!("after {:?} was struck", fault.target)
}

async fn open_audit(server: &Server) -> Result<Audit, Error> {
    let url = postgres::url_in(server.dir())?;
    Ok(tokio::task::spawn_blocking(move || Audit::open(&url)).await??)
}

/// Waits until no execution is under way, and decides as an operator about steps that must not be repeated: they have failed.
async fn settle(mut audit: Audit, server: &mut Server, wire: &Wire) -> Result<Audit, Error> {
    let deadline = Instant::now() + REST;
    let (url, token) = (server.ready(wire, "at the end").await?, server.token()?);
    loop {
        let (back, open, undecided) = tokio::task::spawn_blocking(move || {
            let (open, undecided) = (audit.open_executions(), audit.undecided(DECISIONS));
            (audit, open, undecided)
        })
        .await?;
        let open = open?;
        for id in undecided? {
            let decision = ("application/json", r#"{"outcome": "fail"}"#.to_owned());
            let path = format!("/api/executions/{id}/decide");
            // It may have been decided a moment ago; if not, it is found again.
            if let Err(error) = wire.call(&url, &token, (reqwest::Method::POST, &path), decision).await {
                tracing::debug!(%error, "a decision was not taken");
            }
        }
        if open == 0 {
            return Ok(back);
        }
        if Instant::now() > deadline {
            server.keep();
            return Err(Error::Restless { open, seconds: REST.as_secs(), dir: server.dir().to_owned() });
        }
        audit = back;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
