//! Looks at conditions when their checks are due.

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::Background;

/// The pause when a check stays due for want of room, or the database can't be reached.
const REST: TimeDelta = TimeDelta::milliseconds(500);

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    let mut checks = JoinSet::new();
    loop {
        while checks.try_join_next().is_some() {}
        let now = background.clock.now();
        let mut next = match background.conditions.check_due(&mut checks).await {
            Ok(next) => next.map(|at| if at > now { at } else { now + REST }),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "conditions can't be read: the database can't be reached"
                );
                Some(now + REST)
            }
        };
        loop {
            tokio::select! {
                () = background.until(next) => break,
                () = background.conditions_changed.notified() => break,
                // What was activated through another node. A clock that was set back would be slept through until it is there again.
                Ok(()) = pulse.changed() => {
                    next = pulse.borrow_and_update().next_condition.into_iter().chain(next).min();
                    if background.conditions.was_set_back() {
                        break;
                    }
                }
            }
        }
    }
}
