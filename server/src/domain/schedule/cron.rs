//! Cron expressions in a time zone.
//!
//! The rule for daylight saving time. A time that the clock skips (spring) fires once, at the first instant after the gap. A time that the clock shows
//! twice (autumn) fires once, the first time. A schedule with a wildcard or a step in minute or hour goes on in real time
//! through both.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

use super::ScheduleError;
use super::zone::offset;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub(super) struct ZonedCron {
    cron: Cron,
    timezone: Tz,
}

/// Longest cron expression, in bytes.
const LONGEST: usize = 200;
/// The search for occurrences copes with gaps of up to two hours; a zone that crosses the date line skips a day.
const LONG_GAP_SECONDS: i32 = 2 * 3600;
/// 29 February of a given weekday comes after at most 40 years.
const HORIZON_YEARS: i64 = 41;

impl ZonedCron {
    /// Reads a cron expression: five fields, or six with seconds first.
    pub(super) fn parse(cron: &str, timezone: Tz) -> Result<Self, ScheduleError> {
        if cron.len() > LONGEST {
            return Err(ScheduleError::Cron(format!("a cron expression may have {LONGEST} characters")));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| ScheduleError::Cron(unreadable(&error)))?;
        let anywhere = Self { cron, timezone: Tz::UTC };
        if anywhere.next_after(DateTime::UNIX_EPOCH).is_none() {
            return Err(ScheduleError::Cron("the cron expression names a date that never comes".to_owned()));
        }
        Ok(Self { timezone, ..anywhere })
    }

    /// The first instant strictly after `instant` at which it fires; none if that is more than 41 years away.
    pub(super) fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let horizon = instant.checked_add_signed(TimeDelta::days(HORIZON_YEARS * 366))?;
        self.search(instant).or_else(|| self.after_long_gap(instant, horizon)).filter(|next| *next <= horizon)
    }

    fn search(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = instant.with_timezone(&self.timezone);
        self.cron.find_next_occurrence(&local, false).ok().map(|next| next.with_timezone(&Utc)).filter(|next| *next > instant)
    }

    /// The end of the first gap that is too long for the search: there a time that it swallowed fires.
    fn after_long_gap(&self, instant: DateTime<Utc>, horizon: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = TimeDelta::days(1);
        let days = std::iter::successors(Some(instant), |day_start| day_start.checked_add_signed(day));
        let before =
            days.take_while(|start| *start <= horizon).find(|start| self.skipped(*start, *start + day) > LONG_GAP_SECONDS)?;
        let (mut low, mut high) = (before, before + day);
        while high - low > TimeDelta::seconds(1) {
            let middle = low + (high - low) / 2;
            if self.skipped(low, middle) > LONG_GAP_SECONDS { high = middle } else { low = middle }
        }
        DateTime::from_timestamp(high.timestamp(), 0)
    }

    /// How many seconds the local clock skips between two instants.
    fn skipped(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> i32 {
        offset(self.timezone, to) - offset(self.timezone, from)
    }

    /// The times that the expression names on a clock without daylight saving, from `from` to before `to`.
    pub(super) fn named(&self, from: NaiveDateTime, to: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        let plain = Self { cron: self.cron.clone(), timezone: Tz::UTC };
        let before = from.and_utc() - TimeDelta::seconds(1);
        std::iter::successors(plain.next_after(before), move |last| plain.next_after(*last))
            .map(|named| named.naive_utc())
            .take_while(move |named| *named < to)
    }
}

fn unreadable(error: &CronError) -> String {
    format!("the cron expression can't be read: {}", error.to_string().trim_end_matches('.'))
}
