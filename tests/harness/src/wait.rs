//! Waiting for a condition, with a deadline. Nothing else in the tests sleeps.

use std::future::Future;
use std::time::{Duration, Instant};

/// Generous, because a loaded machine is no failure; a condition that never comes true is.
const DEADLINE: Duration = Duration::from_secs(60);

/// The pauses between two looks grow from the first to the second of these.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// Blocks until `probe` gives something. `what` completes the sentence "waited in vain until …".
pub fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let (begin, mut pause) = (Instant::now(), PAUSES.0);
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "waited in vain until {what}");
        std::thread::sleep(pause);
        pause = PAUSES.1.min(pause * 2);
    }
}

/// [`eventually`] for async tests.
pub async fn eventually_async<T, F>(what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let (begin, mut pause) = (Instant::now(), PAUSES.0);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(pause).await;
        pause = PAUSES.1.min(pause * 2);
    }
}
