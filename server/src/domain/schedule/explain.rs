//! What a schedule will do: its next firings, and every change of the clocks with what it does there.

use chrono::{DateTime, Months, NaiveDateTime, TimeDelta, Utc};

use super::Schedule;
use super::timing::Timing;
use super::zone::{Transition, transitions};

/// How far changes of the clocks are told.
const YEARS: u32 = 5;
/// Most times that are told of one change.
const MOST: usize = 10;

/// What a schedule will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Its next instants.
    pub next: Vec<DateTime<Utc>>,
    /// The changes of the clocks within five years. None for intervals and single instants, which no clock concerns.
    pub changes: Vec<Change>,
}

/// A change of the clocks, and what the schedule does there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: DateTime<Utc>,
    /// How far the clocks are ahead of UTC before and after, in seconds.
    pub offsets: (i32, i32),
    /// The local times that are skipped (when the offset grows) or shown twice: from the first to before the second.
    pub stretch: (NaiveDateTime, NaiveDateTime),
    /// The times in it that the cron expression names; at most ten.
    pub named: Vec<NaiveDateTime>,
    /// When they fire: at most ten.
    pub fires: Vec<DateTime<Utc>>,
}

impl Change {
    /// Whether local times are skipped; else they are shown twice.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.offsets.1 > self.offsets.0
    }

    /// What it does to the schedule, in a sentence.
    #[must_use]
    pub fn effect(&self) -> &'static str {
        match (self.is_gap(), self.named.len(), self.fires.len()) {
            (_, 0, _) => "nothing is due in it",
            (true, _, 0) => "goes on in real time: the times that don't exist are left out",
            (true, ..) => "fires once, at the first instant after the gap",
            (false, named, fires) if fires > named => "goes on in real time: fires in both passes",
            (false, ..) => "fires once, in the first pass",
        }
    }
}

/// What `schedule` will do after `from`: its next `count` instants, and the changes of the clocks within five years.
#[must_use]
pub fn explain(schedule: &Schedule, from: DateTime<Utc>, count: usize) -> Explanation {
    let next = schedule.after(from).take(count).collect();
    let until = from.checked_add_months(Months::new(12 * YEARS)).unwrap_or(from);
    let changes = match &schedule.timing {
        Timing::Cron(_) => transitions(schedule.timezone, from, until).iter().map(|found| change(schedule, found)).collect(),
        Timing::Every { .. } | Timing::At(_) => Vec::new(),
    };
    Explanation { next, changes }
}

fn change(schedule: &Schedule, found: &Transition) -> Change {
    let wall = |offset: i32| found.at.naive_utc() + TimeDelta::seconds(offset.into());
    let (first, second) = (wall(found.before), wall(found.after));
    let stretch = (first.min(second), first.max(second));
    let named: Vec<_> = match &schedule.timing {
        Timing::Cron(cron) => cron.named(stretch.0, stretch.1).take(MOST).collect(),
        Timing::Every { .. } | Timing::At(_) => Vec::new(),
    };
    Change { at: found.at, offsets: (found.before, found.after), stretch, fires: fires(schedule, found, named.len()), named }
}

/// The firings that belong to the stretch: the one at the end of a gap, or those of both passes.
fn fires(schedule: &Schedule, found: &Transition, named: usize) -> Vec<DateTime<Utc>> {
    let moment = TimeDelta::seconds(1);
    if named == 0 {
        return Vec::new();
    }
    if found.after > found.before {
        // A time that the expression names anyway is not one that was made up for.
        let after = found.at.naive_utc() + TimeDelta::seconds(found.after.into());
        let named_itself = matches!(&schedule.timing, Timing::Cron(cron) if cron.named(after, after + moment).next().is_some());
        let fired = schedule.next_after(found.at - moment).filter(|next| *next == found.at && !named_itself);
        return fired.into_iter().collect();
    }
    let length = TimeDelta::seconds((found.before - found.after).into());
    let both = schedule.after(found.at - length - moment).take_while(|instant| *instant < found.at + length);
    both.take(2 * MOST).collect()
}
