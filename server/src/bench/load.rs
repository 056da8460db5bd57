//! The load: so many clients, each sending its next request when the answer to the last one is there.

use std::time::{Duration, Instant};

use super::Error;
use super::connection::{Connection, Request};
use super::histogram::Histogram;

/// Not measured: connections are made, caches are filled.
const WARM_UP: Duration = Duration::from_secs(1);

/// What the clients saw.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Latencies of the answers with status 200.
    pub(super) latencies: Histogram,
    /// Other answers.
    pub(super) refused: u64,
    /// How long was measured.
    pub(super) elapsed: Duration,
}

/// Drives `address` for `duration` after the warm-up, on a thread and a runtime of its own.
pub(super) async fn drive(address: &str, delivery: &Request, clients: u32, duration: Duration) -> Result<Seen, Error> {
    let (address, delivery) = (address.to_owned(), delivery.clone());
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::io("start", "the load's thread"))?.block_on(drive_here(address, delivery, clients, duration))
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))
}

async fn drive_here(address: String, delivery: Request, clients: u32, duration: Duration) -> Result<Seen, Error> {
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(Connection::open(&address).await?);
    }
    let begin = Instant::now() + WARM_UP;
    let mut tasks = tokio::task::JoinSet::new();
    for connection in connections {
        tasks.spawn(client(connection, delivery.clone(), begin, begin + duration));
    }
    let mut all = Seen { elapsed: duration, ..Seen::default() };
    while let Some(seen) = tasks.join_next().await {
        let seen = seen.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))?;
        all.latencies.add(&seen.latencies);
        all.refused += seen.refused;
    }
    Ok(all)
}

/// Counts the answers that come between `begin` and `end`.
async fn client(mut connection: Connection, delivery: Request, begin: Instant, end: Instant) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    loop {
        let sent = Instant::now();
        let (status, _) = connection.send(&delivery).await?;
        let answered = Instant::now();
        if answered >= end {
            return Ok(seen);
        }
        if answered >= begin {
            match status {
                200 => seen.latencies.record(answered - sent),
                _ => seen.refused += 1,
            }
        }
    }
}
