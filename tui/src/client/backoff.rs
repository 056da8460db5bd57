//! How long to wait before trying again.

use std::time::Duration;

/// Exponential backoff with full jitter: a random share of a ceiling that doubles with each failure up to a cap.
///
/// Full jitter spreads many clients that lost the same server at the same moment.
#[derive(Debug, Clone)]
pub struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl Backoff {
    /// Ceilings of `base`, 2 × `base`, 4 × `base` … up to `cap`.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, failures: 0 }
    }

    /// How many failures there were since the last success.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and tells how long to wait now.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.ceiling().mul_f64(random_share());
        self.failures = self.failures.saturating_add(1);
        delay
    }

    /// Something worked: the next failure waits shortly again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    fn ceiling(&self) -> Duration {
        2_u32.checked_pow(self.failures).and_then(|factor| self.base.checked_mul(factor)).unwrap_or(self.cap).min(self.cap)
    }
}

/// A random number from 0 up to 1.
pub(super) fn random_share() -> f64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    let bits = u32::try_from(low & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(Duration::from_millis(100), Duration::from_secs(2))
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let mut backoff = backoff();
        let ceilings: Vec<_> = (0..7)
            .map(|_| {
                let ceiling = backoff.ceiling();
                assert!(backoff.next_delay() <= ceiling);
                ceiling.as_millis()
            })
            .collect();
        assert_eq!(ceilings, [100, 200, 400, 800, 1600, 2000, 2000]);
    }

    #[test]
    fn many_failures_do_not_overflow() {
        let mut backoff = backoff();
        for _ in 0..100 {
            assert!(backoff.next_delay() <= Duration::from_secs(2));
        }
    }

    #[test]
    fn delays_differ() {
        let delays: std::collections::HashSet<_> = (0..20).map(|_| backoff().next_delay()).collect();
        assert!(delays.len() > 10, "jitter must spread, got {delays:?}");
    }

    #[test]
    fn a_success_starts_over() {
        let mut backoff = backoff();
        backoff.next_delay();
        backoff.next_delay();
        assert_eq!(backoff.failures(), 2);
        backoff.reset();
        assert_eq!(backoff.ceiling(), Duration::from_millis(100));
    }
}
