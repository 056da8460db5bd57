//! When a delivery to a subscription is tried again, and when nobody tries any more.
//!
//! The table is that of Standard Webhooks 1.0.0 (*Deliverability and reliability*): ten attempts within three days.

use std::time::Duration;

use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The pauses before the second attempt, the third and so on, in seconds.
const PAUSES: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Attempts in all.
pub const ATTEMPTS: usize = PAUSES.len() + 1;
/// A pause is up to so many percent longer, so that what failed together is not tried again together.
const JITTER_PERCENT: u64 = 10;
/// A subscription whose deliveries have failed for so long, with none that arrived, is disabled.
pub const PATIENCE: TimeDelta = TimeDelta::days(5);
/// After a rotation the key before it signs as well for so long.
pub const OLD_KEY: TimeDelta = TimeDelta::hours(24);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// The status of the answer; none without one.
    pub status: Option<u16>,
    /// Why it is a failure; none when the delivery arrived.
    pub error: Option<String>,
    /// How long the other side asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It arrived.
    Delivered,
    /// It is tried again after this pause.
    Again(Duration),
    /// It is not tried any more.
    Failed,
    /// The other side wants no deliveries at all any more.
    Gone,
}

impl Attempted {
    /// What follows when this was attempt number `attempt`, from 1, of the delivery `id`.
    #[must_use]
    pub fn next(&self, id: Uuid, attempt: i32) -> Next {
        match self {
            Self { error: None, .. } => Next::Delivered,
            Self { status: Some(410), .. } => Next::Gone,
            _ => pause(id, attempt).map_or(Next::Failed, |pause| Next::Again(pause.max(self.retry_after.unwrap_or_default()))),
        }
    }
}

/// The pause behind an attempt; none behind the last one.
fn pause(id: Uuid, attempt: i32) -> Option<Duration> {
    let seconds = *PAUSES.get(usize::try_from(attempt).ok()?.checked_sub(1)?)?;
    let digest = Sha256::digest([id.as_bytes().as_slice(), &attempt.to_be_bytes()].concat());
    let most = seconds * 1000 * JITTER_PERCENT / 100;
    Some(Duration::from_millis(seconds * 1000 + u64::from(digest[0]) * most / 255))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempted(status: Option<u16>, retry_after: Option<u64>) -> Attempted {
        let error = (status != Some(204)).then(|| "no".to_owned());
        Attempted { status, error, retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn the_table_is_walked_to_its_end() {
        let id = Uuid::from_u128(7);
        let mut total = Duration::ZERO;
        for (attempt, seconds) in (1..).zip(PAUSES) {
            let Next::Again(pause) = attempted(Some(500), None).next(id, attempt) else {
                panic!("attempt {attempt} is the last")
            };
            let least = Duration::from_secs(seconds);
            assert!(pause >= least && pause <= least * 11 / 10, "{attempt}: {pause:?}");
            assert_eq!(attempted(None, None).next(id, attempt), Next::Again(pause), "the same for the same attempt");
            total += pause;
        }
        assert_eq!(attempted(Some(500), None).next(id, 10), Next::Failed);
        assert!(total > Duration::from_secs(3 * 86_400) && total < PATIENCE.to_std().unwrap());
        assert_ne!(pause(id, 2), pause(Uuid::from_u128(8), 2));
    }

    #[test]
    fn the_other_side_is_heard() {
        let id = Uuid::from_u128(7);
        assert_eq!(attempted(Some(204), None).next(id, 1), Next::Delivered);
        assert_eq!(attempted(Some(410), None).next(id, 1), Next::Gone);
        assert_eq!(attempted(Some(429), Some(3600)).next(id, 1), Next::Again(Duration::from_secs(3600)));
        assert!(matches!(attempted(Some(503), Some(1)).next(id, 1), Next::Again(pause) if pause >= Duration::from_secs(5)));
    }
}
