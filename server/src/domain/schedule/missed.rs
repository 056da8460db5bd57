//! Instants that passed while nobody was there to fire them.

use chrono::{DateTime, TimeDelta, Utc};

use super::Schedule;

/// An instant that is later than that was missed; until then it is only a little late.
const LATE: TimeDelta = TimeDelta::seconds(60);
/// The first stretch of time that is searched for missed instants, backwards from now.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(1);

/// What becomes of missed instants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// Each fires, the oldest first.
    All,
    /// One makes up for all: the last of them, and only if no later one is on time.
    #[default]
    Last,
    /// They are gone.
    None,
}

/// What becomes of missed instants, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// What.
    pub catch_up: CatchUp,
    /// With [`CatchUp::All`]: how many at most; the newest ones.
    pub limit: usize,
}

/// How many are made up for when the file doesn't say.
const DEFAULT_LIMIT: usize = 100;

impl Default for Missed {
    fn default() -> Self {
        Self { catch_up: CatchUp::Last, limit: DEFAULT_LIMIT }
    }
}

impl Missed {
    /// The instants that fire now, when `first` is the first of `schedule`'s that has not fired yet.
    #[must_use]
    pub fn due(self, schedule: &Schedule, first: DateTime<Utc>, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        if first > now {
            return Vec::new();
        }
        // Jitter delays a firing, and nothing is missed by that.
        let on_time = now - LATE - schedule.jitter;
        // At most one instant a second.
        let punctual = newest(schedule, first.max(on_time), now, usize::MAX);
        let missed = match self.catch_up {
            CatchUp::All => self.limit,
            CatchUp::Last => usize::from(punctual.is_empty()),
            CatchUp::None => 0,
        };
        if missed == 0 || first >= on_time {
            return punctual;
        }
        let mut due = newest(schedule, first, on_time - TimeDelta::nanoseconds(1), missed);
        due.extend(punctual);
        due
    }
}

/// The last `count` instants from `from` to `to`, both included. Searched backwards in growing stretches, so that a schedule that
/// fires each second can be asked about a year.
fn newest(schedule: &Schedule, from: DateTime<Utc>, to: DateTime<Utc>, count: usize) -> Vec<DateTime<Utc>> {
    let from = from - TimeDelta::nanoseconds(1);
    let mut look = FIRST_LOOK;
    loop {
        let start = to.checked_sub_signed(look).map_or(from, |start| start.max(from));
        let mut found: Vec<_> = schedule.after(start).take_while(|instant| *instant <= to).collect();
        if found.len() >= count || start == from {
            found.drain(..found.len().saturating_sub(count));
            return found;
        }
        look = look.checked_mul(4).unwrap_or(TimeDelta::MAX);
    }
}
