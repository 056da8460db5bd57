//! Watches what slows a database down or fills it, and says so: an old snapshot by its process, rows without a partition.

use std::time::Duration;

use super::Background;
use crate::store::queries::watch::{OLD_SNAPSHOT, WatchRow};

/// One statement, far from every hot path.
const EVERY: Duration = Duration::from_secs(60);

pub(super) async fn run(background: Background) {
    loop {
        match background.database.watch().await {
            Ok(seen) => {
                background.metrics.database_watched(seen.strays, seen.seconds);
                complain(&seen);
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the database can't be watched");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn complain(seen: &WatchRow) {
    if let Some(pid) = seen.pid.filter(|_| seen.seconds >= OLD_SNAPSHOT) {
        tracing::warn!(
            pid,
            owner = seen.owner,
            seconds = seen.seconds,
            "a transaction has been open for long and keeps dead rows alive: end it, or SELECT pg_terminate_backend(<pid>)"
        );
    }
    if seen.strays > 0 {
        tracing::error!(
            rows = seen.strays,
            "rows lie in the DEFAULT partition: is the clock right, and does a node with the role scheduler run?"
        );
    }
}
