//! `Retry-After` (RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};

/// Longest time that another server may ask for, in seconds (one day). More is cut.
const MOST: u64 = 24 * 60 * 60;

/// How long to wait, in seconds from `now`: the header is a number of seconds or a date. A date in the past means 0.
pub(super) fn parse(value: &str, now: DateTime<Utc>) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number are still a very long time.
        return Some(value.parse().unwrap_or(MOST).min(MOST));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.timestamp_millis()).ok()?);
    Some(seconds_until(at, now).min(MOST))
}

fn seconds_until(at: SystemTime, now: SystemTime) -> u64 {
    at.duration_since(now).map_or(0, |wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00.500Z").unwrap().to_utc();
        for (value, expected) in [
            ("120", Some(120)),
            ("0", Some(0)),
            (" 5 ", Some(5)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(37)),
            ("Sun Nov  6 08:49:37 1994", Some(37)),
            ("Sun, 06 Nov 1994 08:48:00 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:48:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(parse(value, now), expected, "{value}");
        }
    }
}
