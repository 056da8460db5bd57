//! When a schedule fires: cron expressions in a time zone, with a written rule for daylight saving time.
//!
//! The rule: a time that the clock skips (spring) fires once, at the first instant after the gap. A time that the clock shows
//! twice (autumn) fires once, the first time, when minute and hour are fixed; a schedule with a wildcard or a step in minute
//! or hour goes on in real time through both.

use chrono::{DateTime, Utc};
use thiserror::Error;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: croner::Cron,
    timezone: chrono_tz::Tz,
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The cron expression can't be read, or names a date that never comes.
    #[error("{0}")]
    Cron(String),
    /// No IANA time zone has this name.
    #[error("there is no time zone `{0}`; use a name of the IANA database, such as Europe/Berlin or UTC")]
    Timezone(String),
}

impl Schedule {
    /// Reads a cron expression (five fields, or six with seconds first) and the IANA name of a time zone.
    pub fn parse(cron: &str, timezone: &str) -> Result<Self, ScheduleError> {
        let timezone = timezone.parse().map_err(|_| ScheduleError::Timezone(timezone.to_owned()))?;
        let cron = cron.parse().map_err(|error: croner::errors::CronError| ScheduleError::Cron(error.to_string()))?;
        Ok(Self { cron, timezone })
    }

    /// The first instant strictly after `instant` at which it fires; none if it never does again.
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = instant.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|next| next.with_timezone(&Utc))
    }
}
