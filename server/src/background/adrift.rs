//! Gives back leases of this node that none of its tasks knows of.
//!
//! A commit whose answer was lost with the connection leaves one behind: an execution was admitted or claimed for this node,
//! which never heard of it and, as it lives, would keep it from everybody for ever.

use std::collections::HashSet;
use std::time::Duration;

use super::Background;
use crate::journal::Lease;
use crate::store::Error;

/// How long a lease must be without a task before it counts as adrift. Between a commit and the start of its task is much less.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    let mut suspects = HashSet::new();
    loop {
        tokio::time::sleep(PATIENCE).await;
        match adrift_round(&background, &suspects).await {
            Ok(found) => suspects = found,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "leases can't be looked at: the database can't be reached"
                );
            }
        }
    }
}

/// Gives back what is still without a task since the last round, and returns what is without one now. Where a task begins at
/// this very moment after all, its writes are dropped and the execution is taken up anew: the lease has another epoch then.
#[expect(clippy::implicit_hasher, reason = "its own result of the round before is its only argument")]
pub async fn adrift_round(background: &Background, suspects: &HashSet<Lease>) -> Result<HashSet<Lease>, Error> {
    let Background { queue, executor, clock, .. } = background;
    let held = queue.held().await?;
    let mut found = HashSet::new();
    for lease in held.into_iter().filter(|lease| !executor.runs(lease.execution_id)) {
        if suspects.contains(&lease) {
            tracing::warn!(execution_id = %lease.execution_id, "a lease was adrift; the execution is taken up again");
            queue.give_back(lease, clock.now()).await?;
            executor.wake_claims();
        } else {
            found.insert(lease);
        }
    }
    Ok(found)
}
