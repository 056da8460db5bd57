//! When a schedule fires: cron expressions in a time zone, with a written rule for daylight saving time.
//!
//! The rule. A time that the clock skips (spring) fires once, at the first instant after the gap. A time that the clock shows
//! twice (autumn) fires once, the first time. A schedule with a wildcard or a step in minute or hour goes on in real time
//! through both.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use thiserror::Error;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    timezone: Tz,
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

/// Longest cron expression, in bytes.
const LONGEST: usize = 200;
/// A zone that crosses the date line skips at most this much; the search starts again behind it.
const LONGEST_GAP_DAYS: i64 = 2;
/// 29 February of a given weekday comes after at most 40 years.
const HORIZON_YEARS: i64 = 41;

impl Schedule {
    /// Reads a cron expression (five fields, or six with seconds first) and the IANA name of a time zone.
    ///
    /// # Errors
    /// What is wrong, in words; also that the expression names a date that never comes.
    pub fn parse(cron: &str, timezone: &str) -> Result<Self, ScheduleError> {
        let timezone = timezone.parse().map_err(|_| ScheduleError::Timezone(timezone.chars().take(60).collect()))?;
        if cron.len() > LONGEST {
            return Err(ScheduleError::Cron(format!("a cron expression may have {LONGEST} characters")));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| ScheduleError::Cron(unreadable(&error)))?;
        let schedule = Self { cron, timezone };
        schedule
            .next_after(DateTime::UNIX_EPOCH)
            .map(|_| ())
            .ok_or_else(|| ScheduleError::Cron("the cron expression names a date that never comes".to_owned()))?;
        Ok(schedule)
    }

    /// The first instant strictly after `instant` at which it fires; none if that is more than 41 years away.
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let horizon = instant.checked_add_signed(TimeDelta::days(HORIZON_YEARS * 366))?;
        let next =
            self.search(instant).or_else(|| self.search(instant.checked_add_signed(TimeDelta::days(LONGEST_GAP_DAYS))?))?;
        (next <= horizon).then_some(next)
    }

    fn search(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = instant.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|next| next.with_timezone(&Utc)).filter(|next| *next > instant)
    }
}

fn unreadable(error: &CronError) -> String {
    format!("the cron expression can't be read: {}", error.to_string().trim_end_matches('.'))
}

#[cfg(test)]
mod tests;
