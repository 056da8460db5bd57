//! Fires schedules when they are due.

use chrono::TimeDelta;

use super::Background;

/// The pause when something stays due: a trigger which can't be fired does not keep the loop spinning.
const REST: TimeDelta = TimeDelta::seconds(1);

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let mut next = match background.schedules.fire_due().await {
            Ok(next) => {
                let now = background.clock.now();
                next.map(|at| if at > now { at } else { now + REST })
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "schedules can't be read: the database can't be reached"
                );
                Some(background.clock.now() + REST)
            }
        };
        loop {
            tokio::select! {
                () = background.until(next) => break,
                () = background.schedules_changed.notified() => break,
                // What was activated through another node. A clock that was set back would be slept through until it is there again.
                Ok(()) = pulse.changed() => {
                    next = pulse.borrow_and_update().next_schedule.into_iter().chain(next).min();
                    if background.schedules.was_set_back() {
                        break;
                    }
                }
            }
        }
    }
}
