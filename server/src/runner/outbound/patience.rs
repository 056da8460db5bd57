//! How long a request may take. The time in which it waits for memory of this node is not its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time that is left. It stands still while something is [`Patience::suspended`].
#[derive(Debug)]
pub(super) struct Patience {
    clock: Mutex<Clock>,
}

#[derive(Debug)]
struct Clock {
    ends: Instant,
    stopped: Option<Instant>,
}

impl Patience {
    pub(super) fn new(time: Duration) -> Self {
        Self { clock: Mutex::new(Clock { ends: Instant::now() + time, stopped: None }) }
    }

    /// Waits for `what` with the clock stopped.
    pub(super) async fn suspended<T>(&self, what: impl Future<Output = T>) -> T {
        self.with(|clock| clock.stopped = Some(Instant::now()));
        let done = what.await;
        self.with(|clock| {
            if let Some(since) = clock.stopped.take() {
                clock.ends += since.elapsed();
            }
        });
        done
    }

    /// Waits until the time is over.
    pub(super) async fn over(&self) {
        // While the clock stands still there is nothing to wait for: it is looked at again after a while.
        let next = || {
            self.with(|clock| match clock.stopped {
                Some(_) => Some(Instant::now() + Duration::from_millis(100)),
                None => Some(clock.ends).filter(|ends| *ends > Instant::now()),
            })
        };
        while let Some(at) = next() {
            tokio::time::sleep_until(at).await;
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Clock) -> T) -> T {
        work(&mut self.clock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_spent_waiting_for_memory_does_not_count() {
        let patience = Patience::new(Duration::from_secs(10));
        let began = Instant::now();
        let wait = async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            patience.suspended(tokio::time::sleep(Duration::from_secs(100))).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = wait => {}
            () = patience.over() => {}
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(110) && took < Duration::from_secs(111), "{took:?}");
    }
}
