//! When and how often a failed attempt is tried again.

use std::time::Duration;

use super::expression::Expression;

/// When and how often a failed attempt is tried again.
#[derive(Debug)]
pub struct Retry {
    /// Attempts in all; 1 means that nothing is retried.
    pub max_attempts: u32,
    /// The pause before the second attempt.
    pub initial_interval: Duration,
    /// Each pause is this many times as long as the one before.
    pub factor: f64,
    /// No pause is longer than this.
    pub max_interval: Duration,
    /// How far a pause is moved at random, as a share of it: 0.2 is ±20 %.
    pub jitter: f64,
    /// Which failures are retried; the failure's class decides when absent.
    pub retry_if: Option<Expression>,
}

impl Retry {
    /// No second attempt.
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// The pause after the failed attempt number `attempt` (1 is the first). `random` lies in 0..1 and moves the pause by the jitter.
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let longest = self.max_interval.as_secs_f64();
        let planned = (self.initial_interval.as_secs_f64() * self.factor.powi(exponent)).min(longest);
        let moved = planned * (1.0 + self.jitter * (2.0 * random.clamp(0.0, 1.0) - 1.0));
        Duration::from_secs_f64(moved.clamp(0.0, longest))
    }
}

/// What `retry: {}` means: five attempts, 1 s, factor 2, at most 5 min, ±20 %.
impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            initial_interval: Duration::from_secs(1),
            factor: 2.0,
            max_interval: Duration::from_secs(300),
            jitter: 0.2,
            retry_if: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(retry: &Retry, attempt: u32, random: f64) -> f64 {
        retry.delay(attempt, random).as_secs_f64()
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn pauses_double_up_to_the_cap() {
        let retry = Retry { jitter: 0.0, ..Retry::default() };
        let pauses: Vec<f64> = (1..=11).map(|attempt| seconds(&retry, attempt, 0.9)).collect();
        for (pause, expected) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]) {
            assert!(close(*pause, expected), "{pauses:?}");
        }
    }

    #[test]
    fn jitter_moves_both_ways_and_never_above_the_cap() {
        let retry = Retry::default();
        assert!(close(seconds(&retry, 2, 0.0), 1.6));
        assert!(close(seconds(&retry, 2, 0.5), 2.0));
        assert!(seconds(&retry, 2, 0.999_999) < 2.4);
        assert!(close(seconds(&retry, 60, 0.999), 300.0));
    }

    #[test]
    fn absurd_attempts_stay_finite() {
        let retry = Retry { factor: 100.0, ..Retry::default() };
        assert!(seconds(&retry, u32::MAX, 0.5) <= 300.0);
        let none = Retry { initial_interval: Duration::ZERO, ..Retry::default() };
        assert!(close(seconds(&none, u32::MAX, 0.5), 0.0) || seconds(&none, u32::MAX, 0.5).is_finite());
    }
}
