//! The bulk rate: executions a second that Postgres takes when it only inserts, with one connection.

use std::time::{Duration, Instant};

use tidemill_common::clock::{Clock, SystemClock};
use tidemill_common::ids::ExecutionId;

use super::Error;
use crate::store::queries::bench::{BulkInsert, EventShapes};

/// Executions in one transaction.
const BATCH: u32 = 500;

/// Long enough for a checkpoint's first writes, short enough to be done beside every load.
const LONGEST: Duration = Duration::from_secs(3);

/// Executions a second.
pub(super) async fn rate(url: String, events: EventShapes, duration: Duration) -> Result<f64, Error> {
    let work = move || measure(&url, events, duration.min(LONGEST));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped.into_panic()))
}

fn measure(url: &str, events: EventShapes, duration: Duration) -> Result<f64, Error> {
    let mut bulk = BulkInsert::open(url, events)?;
    let (begin, mut batches) = (Instant::now(), 0);
    while begin.elapsed() < duration {
        let now = SystemClock.now();
        let ids: Vec<_> = (0..BATCH).map(|_| ExecutionId::new(now).0).collect();
        bulk.insert(&ids, now)?;
        batches += 1;
    }
    let rate = f64::from(batches * BATCH) / begin.elapsed().as_secs_f64();
    bulk.close()?;
    Ok(rate)
}
