//! Finds executions that were not told of the end of what they called, and cancels what nobody waits for any more.

use std::time::Duration;

use super::Background;
use crate::queue::Holder;
use crate::store::Error;

/// How long after a look the next one is, while executions wait for others.
const LOOK: Duration = Duration::from_secs(15);

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        if let Err(error) = calls_round(&background).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "calls between executions can't be looked at: the database can't be reached"
            );
        }
        // Where no execution has called another, there is nothing to look for.
        let rest = async {
            tokio::time::sleep(LOOK).await;
            while !pulse.borrow_and_update().calls && pulse.changed().await.is_ok() {}
        };
        tokio::select! {
            () = rest => {}
            () = background.calls_left.notified() => {}
        }
    }
}

/// One look. Returns how many executions had to be told something.
pub async fn calls_round(background: &Background) -> Result<usize, Error> {
    let Background { queue, executor, clock, .. } = background;
    let found = queue.sweep_calls(clock.now()).await?;
    let count = found.len();
    for (execution_id, holder, request) in found {
        match holder {
            Holder::Here => drop(executor.pass_on(execution_id, request).await),
            Holder::Nobody => executor.wake_claims(),
            Holder::Elsewhere => {}
        }
    }
    Ok(count)
}
