//! Durations in buckets, and percentiles out of them. The buckets are those of the database's `duration_bucket`: 0 below a
//! millisecond, then eight per doubling, so that a percentile is right to within five per cent.

/// Counts by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DurationHistogram {
    buckets: std::collections::BTreeMap<i16, i64>,
    total_ms: i64,
}

impl DurationHistogram {
    /// Adds `count` durations of `bucket` that are `total_ms` together.
    pub fn add(&mut self, bucket: i16, count: i64, total_ms: i64) {
        *self.buckets.entry(bucket).or_default() += count;
        self.total_ms += total_ms;
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.buckets.values().sum()
    }

    /// Their mean in milliseconds; `None` without any.
    #[must_use]
    pub fn mean_ms(&self) -> Option<i64> {
        let count = self.count();
        (count > 0).then(|| self.total_ms / count)
    }

    /// The duration in milliseconds that `per_mille` of all don't exceed; `None` without any.
    #[must_use]
    pub fn quantile_ms(&self, per_mille: i64) -> Option<i64> {
        let count = self.count();
        let rank = (count * per_mille + 999) / 1000;
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            if seen >= rank.max(1) {
                return Some(middle_ms(*bucket));
            }
        }
        None
    }
}

/// The middle of a bucket, in whole milliseconds.
fn middle_ms(bucket: i16) -> i64 {
    if bucket == 0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the last bucket is 2^40 milliseconds")]
    let millis = ((f64::from(bucket) - 0.5) / 8.0).exp2().round() as i64;
    millis
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the database computes it.
    #[expect(clippy::cast_possible_truncation, reason = "there are a few hundred buckets")]
    fn bucket(millis: f64) -> i16 {
        if millis < 1.0 { 0 } else { (1.0 + (8.0 * millis.log2()).floor()) as i16 }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
    fn a_percentile_is_right_to_within_five_per_cent() {
        let mut histogram = DurationHistogram::default();
        for millis in 1..=10_000_i32 {
            histogram.add(bucket(f64::from(millis)), 1, i64::from(millis));
        }
        for (per_mille, right) in [(500, 5_000.0), (950, 9_500.0), (990, 9_900.0)] {
            let found = histogram.quantile_ms(per_mille).unwrap() as f64;
            assert!((found - right).abs() / right < 0.05, "{per_mille}: {found}");
        }
        assert_eq!((histogram.count(), histogram.mean_ms()), (10_000, Some(5_000)));
    }

    #[test]
    fn nothing_has_no_percentile_and_one_has_only_itself() {
        let mut histogram = DurationHistogram::default();
        assert_eq!((histogram.quantile_ms(500), histogram.mean_ms()), (None, None));
        histogram.add(bucket(0.4), 1, 0);
        assert_eq!((histogram.quantile_ms(1), histogram.quantile_ms(990)), (Some(0), Some(0)));
    }
}
