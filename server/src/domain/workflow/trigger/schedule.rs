//! The clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::schedule::{Missed, Schedule};

/// The clock.
#[derive(Debug)]
pub struct ScheduleTrigger {
    /// The schedule as the file has it, for people.
    pub written: WrittenSchedule,
    /// When it fires.
    pub schedule: Schedule,
    /// What becomes of instants that passed while no server ran.
    pub missed: Missed,
    /// What executions get as their input, if the file says so.
    pub input: Option<Value>,
}

/// A schedule as the file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrittenSchedule {
    /// A cron expression.
    pub cron: Option<String>,
    /// An interval.
    pub every: Option<Duration>,
    /// One instant.
    pub at: Option<String>,
    /// The IANA name of the time zone.
    pub timezone: String,
    /// Nothing fires before.
    pub starts_at: Option<String>,
    /// Nothing fires after.
    pub ends_at: Option<String>,
    /// How much later than its instant a firing may begin.
    pub jitter: Option<Duration>,
}

impl ScheduleTrigger {
    /// The first instant of a trigger that becomes live at `now`. An instant that was due already, and that the version before did not
    /// get to fire, is not lost.
    #[must_use]
    pub fn first_instant(&self, now: DateTime<Utc>, unfired: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let due = unfired.filter(|unfired| *unfired <= now).map(|unfired| unfired - chrono::TimeDelta::nanoseconds(1));
        self.schedule.next_after(due.unwrap_or(now))
    }
}
