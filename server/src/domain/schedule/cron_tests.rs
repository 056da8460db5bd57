//! The rule for daylight saving time, and what a cron expression may say.

use chrono::{DateTime, Utc};

use super::{Schedule, ScheduleError};

/// The next `count` firings after `start`, in UTC to the minute.
fn firings(cron: &str, timezone: &str, start: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::cron(cron, timezone).unwrap();
    let start: DateTime<Utc> = start.parse().unwrap();
    let instants: Vec<_> =
        std::iter::successors(schedule.next_after(start), |last| schedule.next_after(*last)).take(count).collect();
    assert!(instants.windows(2).all(|pair| pair[0] < pair[1]), "{cron} {timezone}: {instants:?}");
    instants.iter().map(|instant| instant.format("%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn a_skipped_time_fires_once_after_the_gap() {
    // Berlin: 2026-03-29 02:00 becomes 03:00, at 01:00 UTC.
    assert_eq!(
        firings("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
        ["03-28T01:30", "03-29T01:00", "03-30T00:30"]
    );
    assert_eq!(firings("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2), ["03-08T07:00", "03-09T06:30"]);
    // Lord Howe: 2026-10-04 02:00 becomes 02:30, at 2026-10-03 15:30 UTC.
    assert_eq!(
        firings("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T12:00:00Z", 3),
        ["10-02T15:45", "10-03T15:30", "10-04T15:15"]
    );
}

#[test]
fn a_repeated_time_fires_once() {
    // Berlin: 2026-10-25 03:00 becomes 02:00, at 01:00 UTC.
    assert_eq!(firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2), ["10-25T00:30", "10-26T01:30"]);
    assert_eq!(firings("30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", 2), ["11-01T05:30", "11-02T06:30"]);
    // Lord Howe: 2026-04-05 02:00 becomes 01:30, at 2026-04-04 15:00 UTC.
    assert_eq!(firings("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2), ["04-04T14:45", "04-05T15:15"]);
}

#[test]
fn wildcards_go_on_in_real_time() {
    assert_eq!(
        firings("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 5),
        ["03-29T00:30", "03-29T01:00", "03-29T01:30", "03-29T02:00", "03-29T02:30"]
    );
    assert_eq!(
        firings("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 5),
        ["10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00", "10-25T02:30"]
    );
    assert_eq!(firings("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3), ["10-25T00:00", "10-25T01:00", "10-25T02:00"]);
}

#[test]
fn a_day_that_a_zone_skips_does_not_stop_the_schedule() {
    // Apia had no 2011-12-30.
    let daily = firings("30 2 * * *", "Pacific/Apia", "2011-12-28T00:00:00Z", 5);
    assert_eq!(daily, ["12-28T12:30", "12-29T12:30", "12-30T10:00", "12-30T12:30", "12-31T12:30"]);
    assert_eq!(firings("0 12 30 * *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2), ["12-30T10:00", "01-29T22:00"]);
    assert_eq!(
        firings("0 */6 * * *", "Pacific/Apia", "2011-12-30T00:00:00Z", 3),
        ["12-30T04:00", "12-30T10:00", "12-30T16:00"]
    );
}

#[test]
fn calendars() {
    assert_eq!(firings("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 2), ["02-29T00:00", "02-29T00:00"]);
    assert_eq!(firings("0 0 29 2 MON#5", "UTC", "2026-01-01T00:00:00Z", 1).len(), 1);
    assert_eq!(firings("0 9 L * *", "UTC", "2027-02-01T00:00:00Z", 2), ["02-28T09:00", "03-31T09:00"]);
    assert_eq!(firings("0 9 * * MON#1", "UTC", "2026-06-01T09:00:00Z", 1), ["07-06T09:00"]);
    assert_eq!(firings("0 9 * * FRI#L", "UTC", "2026-06-01T00:00:00Z", 1), ["06-26T09:00"]);
    assert_eq!(firings("0 9 15W * *", "UTC", "2026-08-01T00:00:00Z", 1), ["08-14T09:00"]);
    assert_eq!(firings("0 9 * JAN-MAR MON-FRI", "UTC", "2026-03-31T09:00:00Z", 1), ["01-01T09:00"]);
    assert_eq!(firings("30 0 9 * * *", "UTC", "2026-03-31T09:00:00Z", 1), ["03-31T09:00"]);
    assert_eq!(firings("@daily", "UTC", "2026-03-31T09:00:00Z", 1), ["04-01T00:00"]);
}

#[test]
fn nonsense_is_refused_fast() {
    let begin = std::time::Instant::now();
    for cron in [
        "",
        " ",
        "x",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 9",
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "*/0 * * * *",
        "5-1 * * * *",
        "@reboot",
        "99999999999 * * * *",
        &"1,".repeat(500),
    ] {
        assert!(matches!(Schedule::cron(cron, "UTC"), Err(ScheduleError::Cron(_))), "{cron}");
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(matches!(Schedule::cron("0 0 * * *", "Mars/Olympus"), Err(ScheduleError::Timezone(_))));
}

#[test]
fn every_zone_keeps_moving_through_two_years() {
    let start: DateTime<Utc> = "2025-01-01T00:00:00Z".parse().unwrap();
    for zone in
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Tehran", "UTC"]
    {
        let schedule = Schedule::cron("30 2 * * *", zone).unwrap();
        let instants: Vec<_> =
            std::iter::successors(schedule.next_after(start), |last| schedule.next_after(*last)).take(730).collect();
        assert!(instants.windows(2).all(|pair| (20..=28).contains(&(pair[1] - pair[0]).num_hours())), "{zone}");
    }
}
