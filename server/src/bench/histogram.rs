//! Latencies in buckets that grow with the value: 1.6 % wide, from 1 µs to over an hour, a few kilobytes.

use std::time::Duration;

/// Buckets per doubling, as a power of two.
const FINE: u32 = 6;

/// Counts latencies.
#[derive(Debug, Clone, Default)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Histogram {
    /// Counts one latency.
    pub(super) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(micros);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(micros);
    }

    /// Counts what another one counted.
    pub(super) fn add(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(ours, theirs)| *ours += theirs);
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// How many were counted.
    pub(super) fn count(&self) -> u64 {
        self.total
    }

    /// The latency that `percent` of all do not exceed, in milliseconds; 0 when nothing was counted.
    pub(super) fn percentile(&self, percent: u64) -> f64 {
        let wanted = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        bucket.map_or(0.0, |bucket| millis(upper_of(bucket).min(self.max)))
    }

    /// The longest, in milliseconds.
    pub(super) fn max(&self) -> f64 {
        millis(self.max)
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a bench are far below 2^53")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn bucket_of(micros: u64) -> usize {
    let magnitude = (micros | 1).ilog2().saturating_sub(FINE);
    let bucket = (u64::from(magnitude) << FINE) + (micros >> magnitude);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn upper_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let magnitude = (bucket >> FINE).saturating_sub(1);
    let lower = bucket - (magnitude << FINE);
    ((lower + 1) << magnitude) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentiles_of_a_known_series() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|millis| histogram.record(Duration::from_millis(millis)));
        assert_eq!(histogram.count(), 1000);
        assert!((histogram.percentile(50) - 500.0).abs() < 8.0, "{}", histogram.percentile(50));
        assert!((histogram.percentile(99) - 990.0).abs() < 16.0, "{}", histogram.percentile(99));
        assert!((histogram.max() - 1000.0).abs() < f64::EPSILON);
        assert!(histogram.percentile(100) <= histogram.max());
    }

    #[test]
    fn nothing_is_zero() {
        assert!(Histogram::default().percentile(99).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_bucket_is_narrow_and_holds_its_value(micros in 0_u64..10_000_000_000) {
            let upper = upper_of(bucket_of(micros));
            prop_assert!(upper >= micros && upper - micros <= micros / 32);
            prop_assert_eq!(bucket_of(upper), bucket_of(micros));
            prop_assert_eq!(bucket_of(upper + 1), bucket_of(micros) + 1);
        }
    }
}
