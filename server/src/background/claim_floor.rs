//! From when on the queue is looked through.
//!
//! While somebody's snapshot is open (a forgotten transaction, a long report, a backup), what was claimed since stays in the queue's
//! indexes as dead rows, all of them in front of what is due now: a look through the whole queue becomes slower with every claim.
//! Once that takes long, looks begin where the last whole one has left nothing behind, and whole ones are made beside them, only as
//! often as they cost a tenth of the time. Those find what counts as due earlier than it came: work with a priority, or of a node
//! whose clock is behind by more than the margin.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// A look through the whole queue that takes longer is made beside the others, and less often.
const QUICK: Duration = Duration::from_millis(5);
/// So many times as long as the last one took, until the next.
const REST: u32 = 10;
/// How soon a whole look that failed is made again.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Clocks of nodes differ by less.
const MARGIN: TimeDelta = TimeDelta::seconds(5);
/// Before everything that can be due: the floor of a whole look.
pub(super) const WHOLE: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// From when on the queue is looked through.
#[derive(Debug)]
pub(super) struct ClaimFloor {
    at: DateTime<Utc>,
    /// When the next whole look is due beside the others; `None` while they are quick, and every look is one.
    whole_again: Option<Instant>,
}

/// What a look has found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The floor that it began at.
    pub floor: DateTime<Utc>,
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
    /// Since when the oldest that it found was due.
    pub oldest: Option<DateTime<Utc>>,
}

impl ClaimFloor {
    pub(super) fn new() -> Self {
        Self { at: WHOLE, whole_again: None }
    }

    /// Where the next look begins.
    pub(super) fn next(&self) -> DateTime<Utc> {
        if self.whole_again.is_some() { self.at } else { WHOLE }
    }

    /// When the next whole look is due beside the others, if they are made so.
    pub(super) fn whole_again(&self) -> Option<Instant> {
        self.whole_again
    }

    /// Notes a look that has ended `now`. What is due before the floor that this gives has been claimed: workspaces take turns, each
    /// with its oldest first, so that whatever a look leaves behind is not older than the oldest that it took.
    pub(super) fn looked(&mut self, look: Look, now: Instant) {
        let floor = look.oldest.map_or(look.at, |oldest| oldest.min(look.at)) - MARGIN;
        if look.floor > WHOLE {
            self.at = self.at.max(floor);
        } else {
            // Meanwhile the others may have moved on; what this one has left behind is theirs now.
            self.at = floor;
            self.whole_again = (look.took > QUICK).then(|| now + look.took * REST);
        }
    }

    /// Notes that a whole look beside the others has failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.whole_again = Some(now + AFTER_FAILURE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(floor: DateTime<Utc>, at: DateTime<Utc>, millis: u64) -> Look {
        Look { floor, at, took: Duration::from_millis(millis), oldest: None }
    }

    #[test]
    fn whole_looks_become_rare_only_while_they_are_slow() {
        let (begin, at) = (Instant::now(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let mut floor = ClaimFloor::new();
        floor.looked(look(floor.next(), at, 5), begin);
        assert_eq!((floor.next(), floor.whole_again()), (WHOLE, None));
        floor.looked(look(WHOLE, at, 100), begin);
        assert_eq!(floor.next(), at - MARGIN);
        let later = at + TimeDelta::seconds(3);
        floor.looked(look(at - MARGIN, later, 2), begin);
        assert_eq!((floor.next(), floor.whole_again()), (later - MARGIN, Some(begin + Duration::from_secs(1))));
        floor.failed(begin);
        assert_eq!(floor.whole_again(), Some(begin + AFTER_FAILURE));
        floor.looked(look(WHOLE, later, 1), begin + Duration::from_secs(1));
        assert_eq!((floor.next(), floor.whole_again()), (WHOLE, None), "the snapshot is gone");
    }

    #[test]
    fn what_a_look_has_left_is_above_the_floor() {
        let (begin, at) = (Instant::now(), DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
        let mut floor = ClaimFloor::new();
        let oldest = at - TimeDelta::minutes(10);
        floor.looked(Look { oldest: Some(oldest), ..look(WHOLE, at, 100) }, begin);
        assert_eq!(floor.next(), oldest - MARGIN);
        // The next ones are newer; what a look has left may be as old as the oldest that it took.
        let newer = oldest + TimeDelta::minutes(5);
        floor.looked(Look { oldest: Some(newer), ..look(oldest - MARGIN, at, 2) }, begin);
        assert_eq!(floor.next(), newer - MARGIN);
        // A whole look beside them has found more of the old ones than there was room for.
        floor.looked(Look { oldest: Some(oldest), ..look(WHOLE, at, 100) }, begin);
        assert_eq!(floor.next(), oldest - MARGIN);
    }
}
