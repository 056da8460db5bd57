//! Durations and ages: read from options, shown in tables.

use std::time::Duration;

use chrono::{DateTime, Utc};

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `500ms`, `30s`, `10m`, `2h`, `1d` or a sum such as `1h30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write for example 500ms, 30s, 10m, 2h or 1h30m");
    let mut rest = text;
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        millis = number.checked_mul(factor).and_then(|part| millis.checked_add(part)).ok_or_else(wrong)?;
        rest = tail;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_millis(millis)) }
}

/// A duration in at most two units: `850ms`, `2.4s`, `3m12s`, `5h02m`, `4d3h`.
#[must_use]
pub fn human_millis(millis: i64) -> String {
    let millis = millis.max(0);
    let (seconds, tenths) = (millis / 1_000, millis % 1_000 / 100);
    match seconds {
        0 => format!("{millis}ms"),
        1..=59 => format!("{seconds}.{tenths}s"),
        60..=3_599 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..=86_399 => format!("{}h{:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d{}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long ago, in one unit: `0s`, `42s`, `7m`, `3h`, `12d`.
#[must_use]
pub fn age(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds().max(0);
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let millis = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        assert_eq!(millis("2d"), Ok(172_800_000));
        for wrong in ["", "5", "m", "5x", "-5s", "5 s", "99999999999999999999s", "99999999999999999d"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_shown() {
        let shown = [0, 850, 2_449, 192_000, 18_120_000, 356_400_000].map(human_millis);
        assert_eq!(shown, ["0ms", "850ms", "2.4s", "3m12s", "5h02m", "4d3h"]);
    }

    #[test]
    fn ages_are_shown() {
        let at = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let shown = [0, 90, 420, 7_300, 200_000].map(|seconds| age(at + chrono::TimeDelta::seconds(seconds), at));
        assert_eq!(shown, ["0s", "90s", "7m", "2h", "2d"]);
    }
}
