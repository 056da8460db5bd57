//! Carries out orders about many executions.

use chrono::TimeDelta;

use super::Background;

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let mut next = match background.bulk.round().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an order about many executions can't be carried out just now; trying again"
                );
                Some(background.clock.now() + TimeDelta::seconds(1))
            }
        };
        // Until a part is due, an order was given on this node, or a beat saw one that was given elsewhere.
        loop {
            tokio::select! {
                () = background.until(next) => break,
                () = background.bulk.ordered() => break,
                Ok(()) = pulse.changed() => next = pulse.borrow_and_update().next_bulk.into_iter().chain(next).min(),
            }
        }
    }
}
