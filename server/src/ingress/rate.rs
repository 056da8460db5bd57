//! How often a trigger takes deliveries on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidemill_common::ids::WorkflowUid;

use crate::domain::workflow::plan::DeliveryLimit;

/// Triggers that are remembered; those that have nothing to remember are forgotten first.
const REMEMBERED: usize = 10_000;

type Key = (WorkflowUid, Arc<str>);

/// Counts deliveries by trigger. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates {
    /// When a trigger's deliveries so far would have ended, had they come evenly (the generic cell rate algorithm).
    ends: Arc<Mutex<HashMap<Key, Instant>>>,
}

impl Rates {
    /// Takes a delivery, or says how long until there is room for the next one.
    pub(super) fn take(&self, key: Key, limit: DeliveryLimit, now: Instant) -> Result<(), Duration> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() >= REMEMBERED {
            ends.retain(|_, end| *end > now);
        }
        let end = ends.entry(key).or_insert(now);
        let next = (*end).max(now) + limit.per / limit.limit;
        let ahead = next.saturating_duration_since(now);
        match ahead.checked_sub(limit.per) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                *end = next;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let rates = Rates::default();
        let limit = DeliveryLimit { limit: 3, per: Duration::from_secs(30) };
        let key: Key = (WorkflowUid(uuid::Uuid::nil()), "t".into());
        let start = Instant::now();
        let take = |seconds| rates.take(key.clone(), limit, start + Duration::from_secs(seconds));
        assert_eq!([take(0), take(0), take(0)], [Ok(()); 3]);
        assert_eq!(take(0), Err(Duration::from_secs(10)));
        assert_eq!(take(9), Err(Duration::from_secs(1)));
        assert_eq!((take(10), take(10)), (Ok(()), Err(Duration::from_secs(10))));
        assert_eq!([take(100), take(100), take(100)], [Ok(()); 3]);
        assert_eq!(rates.take((key.0, "other".into()), limit, start), Ok(()));
    }
}
