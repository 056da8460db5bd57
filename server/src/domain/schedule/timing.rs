//! A schedule: its instants.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use thiserror::Error;

use super::cron::ZonedCron;
use super::zone::{local_time, timezone};

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// The cron expression can't be read, or names a date that never comes.
    #[error("{0}")]
    Cron(String),
    /// No IANA time zone has this name.
    #[error("there is no time zone `{0}`; use a name of the IANA database, such as Europe/Berlin or UTC")]
    Timezone(String),
    /// A time can't be read.
    #[error(
        "`{0}` is not a time; write RFC 3339 (2026-12-24T18:00:00+01:00), or a local time of the time zone (2026-12-24T18:00)"
    )]
    Time(String),
    /// `cron`, `every` and `at` are none, or more than one.
    #[error("a schedule has one of cron, every and at")]
    Timing,
    /// The interval is too short or too long.
    #[error("every must be from 1s to 366d, in whole seconds")]
    Every,
    /// The jitter is too long for the interval, or for anybody.
    #[error("jitter must be at most {0}")]
    Jitter(&'static str),
    /// The schedule ends before it begins.
    #[error("the schedule ends before it begins")]
    Window,
}

/// A schedule as somebody writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// A cron expression.
    pub cron: Option<&'a str>,
    /// An interval.
    pub every: Option<Duration>,
    /// One instant.
    pub at: Option<&'a str>,
    /// The IANA name of a time zone; UTC when absent.
    pub timezone: Option<&'a str>,
    /// Nothing fires before.
    pub starts_at: Option<&'a str>,
    /// Nothing fires after.
    pub ends_at: Option<&'a str>,
    /// How much later than its instant a firing may begin.
    pub jitter: Option<Duration>,
}

/// When something fires.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub(super) timing: Timing,
    pub(super) timezone: Tz,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    pub(super) jitter: Duration,
}

#[derive(Debug, Clone)]
pub(super) enum Timing {
    Cron(Box<ZonedCron>),
    /// Real time, counted from `anchor` whatever the clocks do.
    Every {
        seconds: i64,
        anchor: DateTime<Utc>,
    },
    At(DateTime<Utc>),
}

/// The longest interval: a leap year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// The longest jitter.
const LONGEST_JITTER: Duration = Duration::from_secs(24 * 60 * 60);

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What is wrong with it, in words; also that a cron expression names a date that never comes.
    pub fn new(draft: &Draft<'_>) -> Result<Self, ScheduleError> {
        let zone = timezone(draft.timezone.unwrap_or("UTC"))?;
        let starts_at = draft.starts_at.map(|text| local_time(text, zone)).transpose()?;
        let ends_at = draft.ends_at.map(|text| local_time(text, zone)).transpose()?;
        if starts_at.zip(ends_at).is_some_and(|(start, end)| start > end) {
            return Err(ScheduleError::Window);
        }
        let timing = match (draft.cron, draft.every, draft.at) {
            (Some(cron), None, None) => Timing::Cron(Box::new(ZonedCron::parse(cron, zone)?)),
            (None, Some(every), None) => {
                Timing::Every { seconds: interval(every)?, anchor: starts_at.unwrap_or(DateTime::UNIX_EPOCH) }
            }
            (None, None, Some(at)) => Timing::At(local_time(at, zone)?),
            _ => return Err(ScheduleError::Timing),
        };
        let jitter = draft.jitter.unwrap_or_default();
        if draft.every.is_some_and(|every| jitter > every) {
            return Err(ScheduleError::Jitter("the interval"));
        }
        if jitter > LONGEST_JITTER {
            return Err(ScheduleError::Jitter("1d"));
        }
        Ok(Self { timing, timezone: zone, starts_at, ends_at, jitter })
    }

    /// A cron expression in a time zone, and nothing more.
    ///
    /// # Errors
    /// As [`Schedule::new`].
    pub fn cron(cron: &str, timezone: &str) -> Result<Self, ScheduleError> {
        Self::new(&Draft { cron: Some(cron), timezone: Some(timezone), ..Draft::default() })
    }

    /// Its time zone.
    #[must_use]
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first of its instants strictly after `instant`; none if there is none, or not within 41 years.
    #[must_use]
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let earliest = self.starts_at.map(|start| start - TimeDelta::nanoseconds(1));
        let instant = earliest.map_or(instant, |earliest| earliest.max(instant));
        let next = match &self.timing {
            Timing::Cron(cron) => cron.next_after(instant),
            Timing::Every { seconds, anchor } => next_multiple(*anchor, *seconds, instant),
            Timing::At(at) => (*at > instant).then_some(*at),
        };
        next.filter(|next| self.ends_at.is_none_or(|end| *next <= end))
    }

    /// Its instants after `instant`, in their order.
    pub fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(self.next_after(instant), |last| self.next_after(*last))
    }
}

fn interval(every: Duration) -> Result<i64, ScheduleError> {
    let whole = every.subsec_nanos() == 0 && (Duration::from_secs(1)..=LONGEST).contains(&every);
    whole.then(|| i64::try_from(every.as_secs()).ok()).flatten().ok_or(ScheduleError::Every)
}

/// The first `anchor + n * seconds` after `instant`.
fn next_multiple(anchor: DateTime<Utc>, seconds: i64, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let passed = instant.signed_duration_since(anchor);
    // Rounded down, so that a fraction of a second before an instant is before it.
    let seconds_passed = passed.num_seconds();
    let whole = seconds_passed - i64::from(passed < TimeDelta::seconds(seconds_passed));
    let count = whole.div_euclid(seconds) + 1;
    let exact = anchor.checked_add_signed(TimeDelta::try_seconds(count.checked_mul(seconds)?)?);
    exact.filter(|next| *next > instant)
}
