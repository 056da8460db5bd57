//! Spreads firings, so that a thousand schedules of midnight are not one burst.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::Schedule;

impl Schedule {
    /// When the firing of `instant` begins: the instant and a delay that depends on nothing but the instant and `who` fires, so that
    /// every node, and every look, finds the same.
    #[must_use]
    pub fn begins_at(&self, who: &str, instant: DateTime<Utc>) -> DateTime<Utc> {
        let most = u64::try_from(self.jitter.as_millis()).unwrap_or(u64::MAX);
        if most == 0 {
            return instant;
        }
        let digest = Sha256::digest(format!("{who} {}", instant.timestamp()));
        let (head, _) = digest.split_first_chunk::<8>().expect("a digest has 32 bytes");
        let delay = Duration::from_millis(u64::from_le_bytes(*head) % (most + 1));
        instant + delay
    }
}
