//! Billing periods: months that begin at midnight of a day of the month, on the clocks of the organization's zone.
//!
//! Each period is reckoned from the first day of the first one, so that a subscription from January 31 begins its months on
//! February 28 (or 29), March 31, April 30 …: a short month shortens no later one. Where the clocks skip midnight, the period begins
//! when they go on; where they show it twice, the first time.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::domain::schedule::instant;

/// A billing period: from `start`, which is in it, to `end`, which is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When the next one begins.
    pub end: DateTime<Utc>,
}

/// The period that `at` is in, of a subscription whose first period began on `anchor`; the first one for what is before.
#[must_use]
pub fn period_at(anchor: NaiveDate, zone: Tz, at: DateTime<Utc>) -> Period {
    let today = at.with_timezone(&zone).date_naive();
    let months = (today.year() - anchor.year()) * 12 + today.month0().cast_signed() - anchor.month0().cast_signed();
    // The day of the month may not have come yet; on a day that a zone skipped the date and the instant may differ by one.
    let mut number = u32::try_from(months + 1).unwrap_or_default();
    while number > 0 && begin(anchor, zone, number) > at {
        number -= 1;
    }
    Period { start: begin(anchor, zone, number), end: begin(anchor, zone, number + 1) }
}

/// When the period with this number begins, from 0.
fn begin(anchor: NaiveDate, zone: Tz, number: u32) -> DateTime<Utc> {
    let day = anchor.checked_add_months(Months::new(number)).unwrap_or(NaiveDate::MAX - Days::new(1));
    let midnight = day.and_time(NaiveTime::MIN);
    instant(zone, midnight).unwrap_or_else(|| midnight.and_utc())
}

#[cfg(test)]
mod tests {
    use chrono::{SecondsFormat, TimeDelta};
    use proptest::prelude::*;
    use tidemill_common::clock::{Clock, MockClock};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn starts(anchor: &str, zone: &str, count: usize) -> Vec<String> {
        let (anchor, zone): (NaiveDate, Tz) = (day(anchor), zone.parse().unwrap());
        let clock = MockClock::new(begin(anchor, zone, 0));
        let mut seen = Vec::new();
        for _ in 0..count {
            let period = period_at(anchor, zone, clock.now());
            assert_eq!(period.start, clock.now());
            seen.push(period.start.to_rfc3339_opts(SecondsFormat::Secs, true));
            clock.advance(period.end - period.start);
        }
        seen
    }

    #[test]
    fn a_short_month_shortens_no_later_one() {
        let dates = |anchor, count| -> Vec<String> {
            starts(anchor, "UTC", count).into_iter().map(|start| start[..10].to_owned()).collect()
        };
        assert_eq!(dates("2023-12-31", 5), ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]);
        assert_eq!(dates("2025-01-30", 3), ["2025-01-30", "2025-02-28", "2025-03-30"]);
        let of_a_leap_day = dates("2024-02-29", 13);
        assert_eq!((of_a_leap_day[1].as_str(), of_a_leap_day[12].as_str()), ("2024-03-29", "2025-02-28"));
    }

    #[test]
    fn months_begin_at_midnight_where_the_organization_is() {
        assert_eq!(starts("2026-03-01", "Europe/Berlin", 2), ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"]);
        // In Beirut clocks go from midnight to one o'clock: the month begins with that hour.
        assert_eq!(starts("2026-02-29".replace("29", "28").as_str(), "Asia/Beirut", 2)[1], "2026-03-27T22:00:00Z");
        assert_eq!(starts("2026-03-29", "Asia/Beirut", 1), ["2026-03-28T22:00:00Z"]);
        // Samoa had no 30 December 2011.
        assert_eq!(starts("2011-11-30", "Pacific/Apia", 3)[1], "2011-12-30T10:00:00Z");
    }

    #[test]
    fn a_moment_before_the_end_is_in_the_period_and_the_end_is_not() {
        let zone: Tz = "America/New_York".parse().unwrap();
        let clock = MockClock::new("2026-11-30T04:59:59.999Z".parse().unwrap());
        let period = period_at(day("2026-10-30"), zone, clock.now());
        assert_eq!(period.end.to_rfc3339_opts(SecondsFormat::Secs, true), "2026-11-30T05:00:00Z");
        clock.advance(TimeDelta::milliseconds(1));
        assert_eq!(period_at(day("2026-10-30"), zone, clock.now()).start, period.end);
    }

    const ZONES: [&str; 8] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Asia/Beirut",
        "Asia/Kathmandu",
    ];

    proptest! {
        #[test]
        fn every_instant_is_in_exactly_one_period(days in 0_i64..20_000, later in 0_i64..2_000_000_000, zone in 0_usize..ZONES.len()) {
            let zone: Tz = ZONES[zone].parse().unwrap();
            let anchor = day("1990-01-01") + TimeDelta::days(days);
            let first = begin(anchor, zone, 0);
            let at = first + TimeDelta::seconds(later);
            let period = period_at(anchor, zone, at);
            prop_assert!(period.start <= at && at < period.end, "{period:?} {at}");
            // The next one begins where it ends, and a month has 28 to 31 days, and an hour more or less.
            prop_assert_eq!(period_at(anchor, zone, period.end).start, period.end);
            let hours = (period.end - period.start).num_hours();
            prop_assert!((27 * 24 - 2..=31 * 24 + 2).contains(&hours), "{} hours", hours);
            // It begins on the day of the month of the first one, or on the last day of a month that has none.
            let local = (period.start + TimeDelta::hours(2)).with_timezone(&zone).date_naive();
            let is_last = (local + Days::new(1)).day() == 1;
            prop_assert!(local.day() == anchor.day() || is_last && local.day() < anchor.day() || zone == chrono_tz::Pacific::Apia);
        }
    }
}
