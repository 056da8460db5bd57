//! The database: does it answer, what is it, is its clock right, is it set as a durable one, is there room ahead.

use std::path::Path;

use chrono::TimeDelta;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::finding::{Finding, with_cause};
use crate::command::backup::{cluster_options, database_url};
use crate::config::ServeConfig;
use crate::postgres::{self, ClusterOptions};
use crate::store;
use crate::store::queries::checkup::{self, CheckupRow};
use crate::store::queries::watch;

/// Clocks that differ by more are complained about: times of events are the node's, those of leases the database's.
const SKEW: TimeDelta = TimeDelta::seconds(2);
/// Fewer days with partitions ahead mean that nobody keeps house; a server makes a week.
const DAYS: i32 = 3;

pub(super) fn findings(config: &ServeConfig, assets: &Path) -> Vec<Finding> {
    let mut found = vec![reached(config, assets)];
    // An embedded Postgres that doesn't run is no mistake: the server starts it.
    let runs = config.database_url.is_some() || postgres::postmaster_in(&config.data_dir).is_some();
    let url = if runs { database_url(config).ok() } else { None };
    let Some(url) = url else {
        found.push(Finding::good("database state", "not looked at, since no server has used it or runs on it"));
        return found;
    };
    let before = SystemClock.now();
    match checkup::look(&url) {
        Ok(seen) => {
            let here = before + (SystemClock.now() - before) / 2;
            found.extend([clock(seen.now - here), settings(&seen), connections(config, &seen), ahead(&seen), state(&url)]);
        }
        Err(error) => {
            found.push(Finding::bad("database state", error.to_string(), "is this role the one that the server uses?"));
        }
    }
    found
}

fn reached(config: &ServeConfig, assets: &Path) -> Finding {
    if let Some(url) = &config.database_url {
        return match store::check(url.expose()) {
            Ok(version) => Finding::good("database", format!("Postgres {version} answers")),
            Err(error) => Finding::bad("database", error.to_string(), "check the URL, the network and the server"),
        };
    }
    let options = ClusterOptions { assets: Some(assets.to_owned()), ..cluster_options(config) };
    if let Some((has, newer)) = newer_postgres(config, &options) {
        return Finding::warning(
            "database",
            format!("the embedded cluster is one of Postgres {has}, and Postgres {newer} is on this machine"),
            "move it when it suits you: stop the server, then tidemill upgrade postgres",
        );
    }
    match postgres::find_binaries(&options) {
        Ok(found) => Finding::good("database", format!("embedded, with the Postgres {found}")),
        Err(error) => Finding::bad("database", with_cause(&error), "or give --database-url"),
    }
}

/// The version of the cluster and that of a newer Postgres, when both the old and the new one can be run.
fn newer_postgres(config: &ServeConfig, options: &ClusterOptions) -> Option<(u32, u32)> {
    postgres::find_binaries(options).ok()?;
    let has = postgres::version_in(&config.data_dir).ok()??;
    let (_, newest) = postgres::newest_binaries(options).ok()?;
    (newest > has).then_some((has, newest))
}

fn clock(skew: TimeDelta) -> Finding {
    let what = format!("the database's clock differs from this machine's by {} ms", skew.num_milliseconds().abs());
    if skew.abs() <= SKEW {
        return Finding::good("clock", what);
    }
    Finding::warning(
        "clock",
        what,
        "set both by NTP (timedatectl, chronyc tracking): times of events are this machine's, leases the database's",
    )
}

/// CVE-2024-10976, and durability.
fn settings(seen: &CheckupRow) -> Finding {
    let (major, minor) = (seen.version / 10_000, seen.version % 10_000);
    if !seen.not_durable.is_empty() {
        let what = format!("off: {}", seen.not_durable);
        return Finding::bad(
            "database settings",
            what,
            "turn them on: what Tidemill acknowledged can be lost when the power fails",
        );
    }
    if matches!((major, minor), (15, ..9) | (16, ..5) | (17, ..1)) {
        let what = format!("Postgres {major}.{minor} has a known hole in row-level security (CVE-2024-10976)");
        return Finding::warning("database settings", what, "install the newest minor version");
    }
    if seen.autovacuum != "on" {
        return Finding::warning(
            "database settings",
            "autovacuum is off",
            "turn it on: the queue gets slower by the hour without it",
        );
    }
    Finding::good("database settings", format!("Postgres {major}.{minor}; commits are durable, autovacuum is on"))
}

/// What a node may open: both pools, the journal's threads, and what commands and looks need.
fn connections(config: &ServeConfig, seen: &CheckupRow) -> Finding {
    let writers = u32::try_from(config.journal_writers).unwrap_or(u32::MAX);
    let needed = config.api_connections + config.executor_connections + writers + 3;
    let what = format!("{} connections, {} in use; this node needs up to {needed}", seen.connections, seen.used);
    if i64::from(seen.connections) >= i64::from(needed) {
        return Finding::good("database connections", what);
    }
    Finding::bad("database connections", what, "raise max_connections, or lower api_connections and executor_connections")
}

fn ahead(seen: &CheckupRow) -> Finding {
    match seen.days_ahead {
        None => Finding::good("partitions", "none yet: the first start makes them"),
        Some(days) if days >= DAYS => Finding::good("partitions", format!("made {days} days ahead")),
        Some(days) => Finding::warning(
            "partitions",
            format!("made only {days} days ahead"),
            "start a node with the role scheduler, which makes them each hour, and look at its log for housekeeping",
        ),
    }
}

/// What the server would complain about.
fn state(url: &str) -> Finding {
    let Ok(seen) = watch::look(url) else {
        return Finding::good("database state", "not looked at: no server has used this database yet");
    };
    if seen.strays > 0 {
        let what = format!("{} rows lie in the DEFAULT partition", seen.strays);
        return Finding::warning("database state", what, "is the clock right, and does a node with the role scheduler run?");
    }
    match seen.pid.filter(|_| seen.seconds >= watch::OLD_SNAPSHOT) {
        Some(pid) => Finding::warning(
            "database state",
            format!("process {pid} ({}) has a transaction open for {} s", seen.owner, seen.seconds),
            format!("it keeps dead rows alive: end it, or SELECT pg_terminate_backend({pid})"),
        ),
        None => Finding::good("database state", "every row has its partition, no transaction is old"),
    }
}
