//! Claims executions that are due: waits that are over, arrivals that no node had room for, work of lost nodes.

use std::time::Duration;

use super::Background;
use crate::store::Error;

/// Executions that are claimed at once.
const BATCH: usize = 200;
/// The longest time between two looks: how late this node sees what other nodes left behind.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    loop {
        let pause = match claim_round(&background).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "nothing can be claimed: the database can't be reached"
                );
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.executor.claims_woken() => {}
        }
    }
}

/// Claims what is due and takes it up. Returns how long there is nothing more to claim, as far as is known.
pub async fn claim_round(background: &Background) -> Result<Duration, Error> {
    let Background { queue, executor, clock, .. } = background;
    let room = executor.room_to_claim().min(BATCH);
    if room == 0 {
        return Ok(LOOK);
    }
    let mut claims = queue.claim(clock.now(), room).await?;
    if claims.len() < room {
        claims.extend(queue.take_over(clock.now(), room - claims.len()).await?);
    }
    let full = claims.len() == room;
    for claim in claims {
        match executor.room() {
            Some(permit) => {
                let executor = executor.clone();
                tokio::spawn(async move { executor.take_up(claim, permit).await });
            }
            None => queue.give_back(claim.lease, clock.now()).await?,
        }
    }
    if full {
        return Ok(Duration::ZERO);
    }
    let next = queue.next_due().await?;
    let until = next.map_or(LOOK, |at| (at - clock.now()).to_std().unwrap_or_default() + Duration::from_millis(1));
    Ok(until.min(LOOK))
}
