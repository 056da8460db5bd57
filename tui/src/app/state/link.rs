//! What is known about a stream: is what the screen shows live, and how old is it if not.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// No frame for this long means late: the server sends a bookmark every ten seconds when nothing happens.
pub const LATE: TimeDelta = TimeDelta::seconds(12);

/// A stream's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    phase: Phase,
    last_frame: Option<DateTime<Utc>>,
    /// Whether a snapshot was asked for since the stream began anew.
    snapshot: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Connecting,
    Live,
    Offline {
        reason: String,
        since: DateTime<Utc>,
        retry_at: DateTime<Utc>,
    },
    Resync,
    Ended,
}

/// What the header says about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The first connection is being made.
    Connecting,
    /// What you see is the present.
    Live,
    /// Connected, but silent for this many seconds.
    Late(i64),
    /// Not connected.
    Offline {
        /// Why.
        reason: String,
        /// For how many seconds.
        age: i64,
        /// Seconds until the next try.
        retry: i64,
    },
    /// The stream can't resume; everything is being read anew.
    Resync,
    /// All was said: the execution has ended.
    Ended,
}

impl Link {
    /// A frame came.
    pub fn heard(&mut self, now: DateTime<Utc>) {
        self.last_frame = Some(now);
        if !matches!(self.phase, Phase::Resync | Phase::Ended) {
            self.phase = Phase::Live;
        }
    }

    /// The connection was lost or could not be made.
    pub fn lost(&mut self, now: DateTime<Utc>, reason: String, retry_in: Duration) {
        let since = match &self.phase {
            Phase::Offline { since, .. } => *since,
            _ => self.last_frame.unwrap_or(now),
        };
        let retry_at = now + TimeDelta::from_std(retry_in).unwrap_or_default();
        self.phase = Phase::Offline { reason, since, retry_at };
    }

    /// The stream begins anew: everything has to be read anew.
    pub fn resync(&mut self) {
        self.phase = Phase::Resync;
        self.snapshot = false;
    }

    /// Whether the stream began without a cursor and no snapshot was asked for since. Asks only once.
    pub fn needs_snapshot(&mut self) -> bool {
        !std::mem::replace(&mut self.snapshot, true)
    }

    /// Everything was read anew.
    pub fn resynced(&mut self, now: DateTime<Utc>) {
        if self.phase == Phase::Resync {
            self.phase = Phase::Live;
            self.last_frame = Some(now);
        }
    }

    /// All was said.
    pub fn ended(&mut self) {
        self.phase = Phase::Ended;
    }

    /// When the last frame came.
    pub fn last_frame(&self) -> Option<DateTime<Utc>> {
        self.last_frame
    }

    /// What to say about it now.
    pub fn health(&self, now: DateTime<Utc>) -> Health {
        match &self.phase {
            Phase::Connecting => Health::Connecting,
            Phase::Resync => Health::Resync,
            Phase::Ended => Health::Ended,
            Phase::Live => match self.last_frame {
                Some(last) if now - last >= LATE => Health::Late((now - last).num_seconds()),
                _ => Health::Live,
            },
            Phase::Offline { reason, since, retry_at } => Health::Offline {
                reason: reason.clone(),
                age: (now - *since).num_seconds().max(0),
                retry: seconds_up(*retry_at - now),
            },
        }
    }

    /// Whether what is shown may be old.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        matches!(self.health(now), Health::Offline { .. })
    }

    /// When what [`Self::health`] says changes by itself, if it does.
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match (&self.phase, self.last_frame) {
            (Phase::Offline { .. }, _) => Some(now + TimeDelta::seconds(1)),
            (Phase::Live, Some(last)) if now - last >= LATE => Some(now + TimeDelta::seconds(1)),
            (Phase::Live, Some(last)) => Some(last + LATE),
            _ => None,
        }
    }
}

fn seconds_up(delta: TimeDelta) -> i64 {
    (delta.num_milliseconds().max(0) + 999) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn it_is_late_only_when_even_the_bookmark_is_missing() {
        let mut link = Link::default();
        assert_eq!(link.health(at(0)), Health::Connecting);
        link.heard(at(0));
        assert_eq!(link.health(at(11)), Health::Live);
        assert_eq!(link.next_change(at(3)), Some(at(12)));
        assert_eq!(link.health(at(13)), Health::Late(13));
        link.heard(at(14));
        assert_eq!(link.health(at(14)), Health::Live);
    }

    #[test]
    fn offline_counts_from_the_last_frame_over_all_tries() {
        let mut link = Link::default();
        link.heard(at(0));
        link.lost(at(5), "connection reset".into(), Duration::from_millis(500));
        link.lost(at(6), "connection refused".into(), Duration::from_millis(3500));
        let Health::Offline { age, retry, reason } = link.health(at(7)) else { unreachable!("{link:?}") };
        assert_eq!((age, retry, reason.as_str()), (7, 3, "connection refused"));
    }

    #[test]
    fn resync_lasts_until_everything_was_read() {
        let mut link = Link::default();
        link.resync();
        link.heard(at(1));
        assert_eq!(link.health(at(1)), Health::Resync);
        link.resynced(at(2));
        assert_eq!(link.health(at(2)), Health::Live);
    }
}
