//! The beat of this node, every five seconds: one statement that says that it lives and sees what all loops have to know.
//!
//! At rest this is all that a node asks of its database. The other loops sleep until what the last beat saw is due, or until
//! somebody on this node wakes them. What operators wanted through other nodes arrives here too, and leases of this node that
//! none of its tasks knows of are given back: a commit whose answer was lost leaves one behind, and as this node lives, it
//! would keep the execution from everybody for ever.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::Background;
use crate::journal::Lease;
use crate::queue::Pulse;
use crate::store::Error;
use crate::store::queries::quota;

/// A third of a node's life.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    let mut suspects = HashSet::new();
    loop {
        let begin = Instant::now();
        match pulse_round(&background, &mut suspects).await {
            Ok(pulse) => drop(background.pulse.send_replace(pulse)),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no heartbeat: the database can't be reached");
            }
        }
        write_code_time(&background).await;
        tokio::time::sleep(EVERY.saturating_sub(begin.elapsed())).await;
    }
}

/// Adds how long code ran to what its organizations used. What can't be written now is written with the next beat.
async fn write_code_time(background: &Background) {
    let ran = background.code_meter.take();
    if ran.is_empty() {
        return;
    }
    let millis =
        ran.iter().map(|(workspace, time)| (workspace.0, i64::try_from(time.as_millis()).unwrap_or(i64::MAX))).collect();
    let added = background.database.engine(move |connection| quota::code_time_add(connection, millis)).await;
    if let Err(error) = added {
        tracing::warn!(error = &error as &dyn std::error::Error, "the time of code steps can't be written down; trying again");
        for (workspace, time) in ran {
            background.code_meter.add(workspace, time);
        }
    }
}

/// One beat. A lease without a task that was in `adrift` before is given back; `adrift` is what is without one now.
async fn pulse_round(background: &Background, adrift: &mut HashSet<Lease>) -> Result<Pulse, Error> {
    let Background { queue, executor, node, clock, .. } = background;
    let pulse = queue.beat(node, executor.load()).await?;
    for (execution_id, request) in &pulse.requests {
        executor.pass_on(*execution_id, request.clone()).await;
    }
    let now: HashSet<Lease> = pulse.held.iter().filter(|lease| !executor.runs(lease.execution_id)).copied().collect();
    for lease in now.intersection(adrift) {
        // Where a task begins at this very moment after all, its writes are dropped: the lease has another epoch then.
        tracing::warn!(execution_id = %lease.execution_id, "a lease was adrift; the execution is taken up again");
        queue.give_back(*lease, clock.now()).await?;
        executor.wake_claims();
    }
    *adrift = now;
    Ok(pulse)
}
