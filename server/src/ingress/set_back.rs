//! A clock that is set back: what was planned while it was ahead would be silent until it is there again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// A clock that goes back by more was set, and not only corrected.
const SET_BACK: TimeDelta = TimeDelta::seconds(5);

/// Notices when the clock is set back. Cheap to clone; clones share what was seen.
#[derive(Debug, Clone)]
pub(super) struct SetBack {
    /// The latest instant at which the clock was looked at, in microseconds.
    latest: Arc<AtomicI64>,
}

impl SetBack {
    /// At first it is unknown whether the clock was set back while no server ran: it counts as if.
    pub(super) fn unknown() -> Self {
        Self { latest: Arc::new(AtomicI64::new(i64::MAX)) }
    }

    /// Whether the clock, which says `now`, was set back since [`Self::seen`].
    pub(super) fn is_noticed(&self, now: DateTime<Utc>) -> bool {
        let latest = self.latest.load(Ordering::Relaxed);
        latest.saturating_sub(now.timestamp_micros()) > SET_BACK.num_microseconds().unwrap_or_default()
    }

    /// Everything that is due was looked at when the clock said `now`.
    pub(super) fn seen(&self, now: DateTime<Utc>) {
        self.latest.store(now.timestamp_micros(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_not_noticed_and_the_first_look_is() {
        let (clock, now) = (SetBack::unknown(), Utc::now());
        assert!(clock.is_noticed(now));
        clock.seen(now);
        assert!(!clock.is_noticed(now) && !clock.is_noticed(now - TimeDelta::seconds(5)));
        assert!(clock.is_noticed(now - TimeDelta::seconds(6)));
    }
}
