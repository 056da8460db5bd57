//! Time zones: what a local time means, and when the clocks change.

use chrono::{DateTime, Duration, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::ScheduleError;

/// Clocks change at most once in such a time.
const STEP: TimeDelta = Duration::hours(12);

/// The zone with an IANA name.
///
/// # Errors
/// There is none.
pub fn timezone(name: &str) -> Result<Tz, ScheduleError> {
    name.parse().map_err(|_| ScheduleError::Timezone(name.chars().take(60).collect()))
}

/// How far the zone's clocks are ahead of UTC at an instant, in seconds.
pub(super) fn offset(zone: Tz, instant: DateTime<Utc>) -> i32 {
    instant.with_timezone(&zone).offset().fix().local_minus_utc()
}

/// A change of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    /// The first instant with the new offset.
    pub(super) at: DateTime<Utc>,
    /// The offsets before and after, in seconds ahead of UTC.
    pub(super) before: i32,
    pub(super) after: i32,
}

/// When the zone's clocks change between two instants.
pub(super) fn transitions(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Transition> {
    let mut found = Vec::new();
    let mut start = from;
    while start < to {
        let end = (start + STEP).min(to);
        let (before, after) = (offset(zone, start), offset(zone, end));
        if before != after {
            found.push(Transition { at: first_with(zone, after, start, end), before, after });
        }
        start = end;
    }
    found
}

/// The first instant behind `low` at which the clocks are as at `high`, to the second.
fn first_with(zone: Tz, after: i32, mut low: DateTime<Utc>, mut high: DateTime<Utc>) -> DateTime<Utc> {
    while high - low > TimeDelta::seconds(1) {
        let middle = low + (high - low) / 2;
        if offset(zone, middle) == after { high = middle } else { low = middle }
    }
    DateTime::from_timestamp(high.timestamp(), 0).unwrap_or(high)
}

/// The instant of a time on the zone's clocks: the first one if the clocks show it twice, the first after the gap if they skip it.
pub(in crate::domain) fn instant(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => Some(time.to_utc()),
        MappedLocalTime::None => {
            // The zone skips at most a day.
            let near = local.and_utc();
            let around = transitions(zone, near.checked_sub_signed(STEP * 4)?, near.checked_add_signed(STEP * 4)?);
            let gap = around.into_iter().find(|change| {
                let wall = |offset: i32| change.at.naive_utc() + TimeDelta::seconds(offset.into());
                wall(change.before) <= local && local < wall(change.after)
            });
            gap.map(|change| change.at)
        }
    }
}

/// An instant as a file writes it: RFC 3339, or a local time such as `2026-12-24T18:00` in `zone`.
///
/// # Errors
/// It is neither.
pub fn local_time(text: &str, zone: Tz) -> Result<DateTime<Utc>, ScheduleError> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local.and_then(|local| instant(zone, local)).ok_or_else(|| ScheduleError::Time(text.chars().take(60).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn clocks_change_when_the_database_says() {
        let changes = transitions(Tz::Europe__Berlin, time("2026-01-01T00:00:00Z"), time("2027-01-01T00:00:00Z"));
        let spring = Transition { at: time("2026-03-29T01:00:00Z"), before: 3600, after: 7200 };
        let autumn = Transition { at: time("2026-10-25T01:00:00Z"), before: 7200, after: 3600 };
        assert_eq!(changes, [spring, autumn]);
        assert_eq!(transitions(Tz::UTC, time("2026-01-01T00:00:00Z"), time("2036-01-01T00:00:00Z")), []);
    }

    #[test]
    fn a_local_time_is_one_instant() {
        for (zone, local, utc) in [
            (Tz::Europe__Berlin, "2026-12-24T18:00", "2026-12-24T17:00:00Z"),
            (Tz::Europe__Berlin, "2026-12-24 18:00:30", "2026-12-24T17:00:30Z"),
            (Tz::Europe__Berlin, "2026-03-29T02:30", "2026-03-29T01:00:00Z"),
            (Tz::Europe__Berlin, "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
            (Tz::Pacific__Apia, "2011-12-30T12:00", "2011-12-30T10:00:00Z"),
            (Tz::Europe__Berlin, "2026-12-24T18:00:00-05:00", "2026-12-24T23:00:00Z"),
        ] {
            assert_eq!(local_time(local, zone), Ok(time(utc)), "{local} in {zone}");
        }
        for wrong in ["", "tomorrow", "2026-13-01T00:00", "18:00", "2026-12-24", "2026-02-30T00:00"] {
            assert!(local_time(wrong, Tz::UTC).is_err(), "{wrong}");
        }
    }
}
