//! Intervals, single instants, windows, jitter, missed instants, explanations.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn every(seconds: u64) -> Draft<'static> {
    Draft { every: Some(Duration::from_secs(seconds)), ..Draft::default() }
}

fn texts(instants: impl IntoIterator<Item = DateTime<Utc>>) -> Vec<String> {
    instants.into_iter().map(|instant| instant.format("%m-%dT%H:%M:%S").to_string()).collect()
}

#[test]
fn an_interval_is_real_time_whatever_the_clocks_do() {
    // `*/13` hours is not every 13 hours; an interval is.
    let schedule = Schedule::new(&Draft { timezone: Some("Europe/Berlin"), ..every(13 * 3600) }).unwrap();
    let instants: Vec<_> = schedule.after(time("2026-03-28T00:00:00Z")).take(200).collect();
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::hours(13)));
    // The phase depends on nothing but the schedule: whoever activates it again, and whenever, finds the same instants.
    let later: Vec<_> = schedule.after(time("2026-03-30T05:17:12Z")).take(5).collect();
    assert!(later.iter().all(|instant| instants.contains(instant)));
    let anchored = Schedule::new(&Draft { starts_at: Some("2026-01-01T00:00:30Z"), ..every(90) }).unwrap();
    assert_eq!(texts(anchored.after(time("2020-01-01T00:00:00Z")).take(2)), ["01-01T00:00:30", "01-01T00:02:00"]);
    let just_before = time("2026-01-01T00:02:00Z") - TimeDelta::nanoseconds(1);
    assert_eq!(anchored.next_after(just_before), Some(time("2026-01-01T00:02:00Z")));
    assert_eq!(anchored.next_after(time("2026-01-01T00:02:00Z")), Some(time("2026-01-01T00:03:30Z")));
}

#[test]
fn one_instant_fires_once_and_a_window_closes() {
    let once =
        Schedule::new(&Draft { at: Some("2026-12-24T18:00"), timezone: Some("Europe/Berlin"), ..Draft::default() }).unwrap();
    assert_eq!(texts(once.after(time("2026-01-01T00:00:00Z"))), ["12-24T17:00:00"]);
    assert_eq!(once.next_after(time("2026-12-24T17:00:00Z")), None);
    let window = Schedule::new(&Draft {
        cron: Some("0 9 * * *"),
        starts_at: Some("2026-06-02T09:00"),
        ends_at: Some("2026-06-04T09:00"),
        ..Draft::default()
    });
    let days = texts(window.unwrap().after(time("2026-01-01T00:00:00Z")));
    assert_eq!(days, ["06-02T09:00:00", "06-03T09:00:00", "06-04T09:00:00"], "both ends belong to it");
}

#[test]
fn what_is_no_schedule_is_refused() {
    let cron = Draft { cron: Some("0 9 * * *"), ..Draft::default() };
    for (draft, error) in [
        (Draft::default(), ScheduleError::Timing),
        (Draft { at: Some("2026-01-01T00:00"), ..cron.clone() }, ScheduleError::Timing),
        (Draft { every: Some(Duration::ZERO), ..Draft::default() }, ScheduleError::Every),
        (Draft { every: Some(Duration::from_millis(1500)), ..Draft::default() }, ScheduleError::Every),
        (every(367 * 86400), ScheduleError::Every),
        (Draft { jitter: Some(Duration::from_secs(61)), ..every(60) }, ScheduleError::Jitter("the interval")),
        (Draft { jitter: Some(Duration::from_secs(90_000)), ..cron.clone() }, ScheduleError::Jitter("1d")),
        (
            Draft { starts_at: Some("2026-01-02T00:00"), ends_at: Some("2026-01-01T00:00"), ..cron.clone() },
            ScheduleError::Window,
        ),
        (Draft { starts_at: Some("soon"), ..cron }, ScheduleError::Time("soon".to_owned())),
    ] {
        assert_eq!(Schedule::new(&draft).unwrap_err(), error, "{draft:?}");
    }
}

fn due(schedule: &Schedule, catch_up: CatchUp, first: &str, now: &str) -> Vec<String> {
    texts(Missed { catch_up, limit: 3 }.due(schedule, time(first), time(now)))
}

#[test]
fn missed_instants_are_made_up_for_as_the_file_says() {
    let hourly = Schedule::cron("0 * * * *", "UTC").unwrap();
    let (first, now) = ("2026-06-01T01:00:00Z", "2026-06-01T08:30:00Z");
    assert_eq!(due(&hourly, CatchUp::All, first, now), ["06-01T06:00:00", "06-01T07:00:00", "06-01T08:00:00"]);
    assert_eq!(due(&hourly, CatchUp::Last, first, now), ["06-01T08:00:00"]);
    assert_eq!(due(&hourly, CatchUp::None, first, now), [""; 0]);
    for catch_up in [CatchUp::Last, CatchUp::None] {
        assert_eq!(due(&hourly, catch_up, first, "2026-06-01T08:00:59Z"), ["06-01T08:00:00"], "a little late is on time");
        assert_eq!(due(&hourly, catch_up, first, "2026-06-01T00:59:59Z"), [""; 0]);
    }
    let all = due(&hourly, CatchUp::All, first, "2026-06-01T08:00:01Z");
    assert_eq!(all, ["06-01T05:00:00", "06-01T06:00:00", "06-01T07:00:00", "06-01T08:00:00"], "the limit is for missed ones");
}

#[test]
fn a_year_of_seconds_is_looked_through_at_once() {
    let seconds = Schedule::cron("* * * * * *", "UTC").unwrap();
    let begin = std::time::Instant::now();
    let all = Missed { catch_up: CatchUp::All, limit: 1000 };
    let found = all.due(&seconds, time("2025-06-01T00:00:00Z"), time("2026-06-01T00:00:00Z"));
    assert_eq!(found.len(), 1061, "those that are on time besides");
    assert!(found.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::seconds(1)));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn jitter_is_the_same_for_whoever_looks() {
    let schedule = Schedule::new(&Draft { jitter: Some(Duration::from_secs(300)), ..every(600) }).unwrap();
    let instants: Vec<_> = schedule.after(time("2026-01-01T00:00:00Z")).take(200).collect();
    let delays: Vec<_> = instants.iter().map(|instant| (schedule.begins_at("a", *instant) - *instant).num_seconds()).collect();
    assert!(delays.iter().all(|delay| (0..=300).contains(delay)));
    assert!(delays.iter().any(|delay| *delay < 60) && delays.iter().any(|delay| *delay > 240), "they are spread");
    assert_eq!(schedule.begins_at("a", instants[0]), schedule.begins_at("a", instants[0]));
    assert_ne!(schedule.begins_at("a", instants[0]), schedule.begins_at("b", instants[0]));
    let plain = Schedule::new(&every(600)).unwrap();
    assert_eq!(plain.begins_at("a", instants[0]), instants[0]);
}

#[test]
fn every_change_of_the_clocks_is_explained() {
    let told = |cron: &str, zone: &str| {
        let schedule = Schedule::cron(cron, zone).unwrap();
        explain(&schedule, time("2026-01-01T00:00:00Z"), 3)
    };
    let nightly = told("30 2 * * *", "Europe/Berlin");
    assert_eq!((nightly.next.len(), nightly.changes.len()), (3, 10));
    let (spring, autumn) = (&nightly.changes[0], &nightly.changes[1]);
    assert_eq!((spring.is_gap(), spring.effect()), (true, "fires once, at the first instant after the gap"));
    assert_eq!(spring.fires, [time("2026-03-29T01:00:00Z")]);
    assert_eq!(spring.named[0].to_string(), "2026-03-29 02:30:00");
    assert_eq!((autumn.is_gap(), autumn.effect()), (false, "fires once, in the first pass"));
    assert_eq!(autumn.fires, [time("2026-10-25T00:30:00Z")]);

    let half_hourly = told("*/30 * * * *", "Europe/Berlin");
    assert_eq!(half_hourly.changes[0].effect(), "goes on in real time: the times that don't exist are left out");
    assert_eq!(half_hourly.changes[1].effect(), "goes on in real time: fires in both passes");
    assert_eq!(half_hourly.changes[1].fires.len(), 4);
    assert_eq!(told("0 12 * * *", "Europe/Berlin").changes[0].effect(), "nothing is due in it");
    assert_eq!(told("0 12 * * *", "UTC").changes, []);
    assert_eq!(explain(&Schedule::new(&every(60)).unwrap(), time("2026-01-01T00:00:00Z"), 2).changes, []);
}
