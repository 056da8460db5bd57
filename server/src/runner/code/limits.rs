//! What a step may take: what its file asks for, and at most what the operator gives.

use std::time::Duration;

use tidemill_common::api::plan::CodeStepLimits;
use tidemill_common::limits::{CODE_LOG_BYTES, CODE_MEMORY_BYTES, CODE_OUTPUT_BYTES, CODE_SECONDS};

use crate::domain::workflow::plan::CodeAsks;

/// What one step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimits {
    /// Time on the clock. Processor time is bounded by the same.
    pub time: Duration,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Output, in bytes of JSON.
    pub output_bytes: u64,
    /// Log, in bytes.
    pub log_bytes: u64,
}

impl Default for CodeLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(CODE_SECONDS),
            memory_bytes: CODE_MEMORY_BYTES,
            output_bytes: CODE_OUTPUT_BYTES as u64,
            log_bytes: CODE_LOG_BYTES as u64,
        }
    }
}

impl CodeLimits {
    /// No limit at all: what is at most this is as it was.
    pub const NONE: Self = Self { time: Duration::MAX, memory_bytes: u64::MAX, output_bytes: u64::MAX, log_bytes: u64::MAX };

    /// What a plan gives: at least the usual limits.
    #[must_use]
    pub fn of_plan(limits: CodeStepLimits) -> Self {
        let bytes = |limit: Option<i64>, unit: u32| {
            limit.and_then(|limit| u64::try_from(limit).ok()).map_or(u64::MAX, |limit| limit.saturating_mul(1 << unit))
        };
        let seconds = limits.seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            time: seconds.map_or(Duration::MAX, Duration::from_secs),
            memory_bytes: bytes(limits.memory_mib, 20),
            output_bytes: bytes(limits.output_kib, 10),
            log_bytes: bytes(limits.log_kib, 10),
        }
    }

    /// Whether every plan gives this much.
    #[must_use]
    pub fn is_usual(self) -> bool {
        self.at_most(Self::default()) == self
    }

    /// What a file asks for; the default where it says nothing.
    #[must_use]
    pub fn asked(time: Duration, asks: CodeAsks) -> Self {
        let usual = Self::default();
        Self {
            time,
            memory_bytes: asks.memory_bytes.unwrap_or(usual.memory_bytes),
            output_bytes: asks.output_bytes.unwrap_or(usual.output_bytes),
            log_bytes: asks.log_bytes.unwrap_or(usual.log_bytes),
        }
    }

    /// The smaller of both, one by one. What a plan gives goes between what is asked and what the operator gives.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        Self {
            time: self.time.min(other.time),
            memory_bytes: self.memory_bytes.min(other.memory_bytes),
            output_bytes: self.output_bytes.min(other.output_bytes),
            log_bytes: self.log_bytes.min(other.log_bytes),
        }
    }

    /// The fields of a step in which it asks for more than these limits give, each with what it can have.
    #[must_use]
    pub fn exceeded_by(self, timeout: Duration, asks: CodeAsks) -> Vec<(&'static str, String)> {
        let bytes = |field, asked: Option<u64>, most: u64, unit: u32, word| {
            asked.filter(|asked| *asked > most).map(|_| (field, format!("{} {word}", most >> unit)))
        };
        // The usual time is what a step has that says nothing: it gets less where the operator gives less.
        let slow = timeout > self.time && timeout != Self::default().time;
        let time = slow.then(|| ("timeout", format!("{} s", self.time.as_secs())));
        let more = [
            time,
            bytes("with.memory_mib", asks.memory_bytes, self.memory_bytes, 20, "MiB"),
            bytes("with.output_kib", asks.output_bytes, self.output_bytes, 10, "KiB"),
            bytes("with.log_kib", asks.log_bytes, self.log_bytes, 10, "KiB"),
        ];
        more.into_iter().flatten().collect()
    }

    /// Processor time in whole seconds, a little later than the clock: the clock gives the better message.
    pub(super) fn cpu_seconds(self) -> u64 {
        self.time.as_secs() + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_asks_and_the_operator_gives() {
        let most = CodeLimits { time: Duration::from_secs(10), memory_bytes: 1 << 30, ..CodeLimits::default() };
        let asks = CodeAsks { memory_bytes: Some(2 << 30), log_bytes: Some(1024), ..CodeAsks::default() };
        let given = CodeLimits::asked(Duration::from_secs(30), asks).at_most(most);
        assert_eq!(given, CodeLimits { log_bytes: 1024, ..most });
        let more = most.exceeded_by(Duration::from_secs(60), asks);
        assert_eq!(more, [("timeout", "10 s".to_owned()), ("with.memory_mib", "1024 MiB".to_owned())]);
        assert_eq!(most.exceeded_by(CodeLimits::default().time, CodeAsks::default()), []);
    }

    #[test]
    fn a_plan_gives_more_than_the_usual_and_bounds_what_is_asked() {
        let plan = CodeLimits::of_plan(CodeStepLimits { memory_mib: Some(1024), ..CodeStepLimits::default() });
        assert_eq!(CodeLimits { memory_bytes: u64::MAX, ..plan }, CodeLimits::NONE);
        let usual = CodeLimits::default();
        assert_eq!((usual.at_most(plan), usual.is_usual()), (usual, true));
        let more = CodeLimits { memory_bytes: 2 << 30, ..usual };
        assert_eq!((more.at_most(plan).memory_bytes, more.is_usual()), (1 << 30, false));
        assert!(!CodeLimits { time: Duration::from_secs(31), ..usual }.is_usual());
        assert!(CodeLimits { log_bytes: 1, ..usual }.is_usual());
    }
}
