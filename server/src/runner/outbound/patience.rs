//! How long a request may take. The time in which it waits for memory of this node is not its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often a clock that stands still is looked at again.
const LOOK: Duration = Duration::from_millis(100);

/// The time that is left. It stands still while something is [`Patience::suspended`].
#[derive(Debug)]
pub(super) struct Patience(Mutex<Clock>);

#[derive(Debug)]
struct Clock {
    ends: Instant,
    stopped: Option<Instant>,
}

impl Clock {
    fn stop(&mut self, now: Instant) {
        self.stopped = Some(now);
    }

    fn go_on(&mut self, now: Instant) {
        if let Some(since) = self.stopped.take() {
            self.ends += now - since;
        }
    }

    /// When to look again whether the time is over; nothing when it is.
    fn look_at(&self, now: Instant) -> Option<Instant> {
        match self.stopped {
            Some(_) => Some(now + LOOK),
            None => Some(self.ends).filter(|ends| *ends > now),
        }
    }
}

impl Patience {
    pub(super) fn new(time: Duration) -> Self {
        Self(Mutex::new(Clock { ends: Instant::now() + time, stopped: None }))
    }

    /// Waits for `what` with the clock stopped.
    pub(super) async fn suspended<T>(&self, what: impl Future<Output = T>) -> T {
        self.with(Clock::stop);
        let done = what.await;
        self.with(Clock::go_on);
        done
    }

    /// Waits until the time is over.
    pub(super) async fn over(&self) {
        while let Some(at) = self.with(|clock, now| clock.look_at(now)) {
            tokio::time::sleep_until(at).await;
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Clock, Instant) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spent_waiting_for_memory_does_not_count() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut clock = Clock { ends: after(10), stopped: None };
        assert_eq!(clock.look_at(after(4)), Some(after(10)));
        clock.stop(after(4));
        assert_eq!(clock.look_at(after(50)), Some(after(50) + LOOK));
        clock.go_on(after(104));
        assert_eq!((clock.look_at(after(109)), clock.look_at(after(110))), (Some(after(110)), None));
    }
}
