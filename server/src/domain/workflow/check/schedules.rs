//! Schedule triggers.

use serde_json::Value;

use super::ids;
use crate::domain::schedule::{CatchUp, Draft, Missed, Schedule, ScheduleError};
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems, nearest};
use crate::domain::workflow::plan::{ScheduleTrigger, WrittenSchedule};

/// The fields of a schedule.
pub(super) const FIELDS: [&str; 12] =
    ["id", "type", "cron", "every", "at", "timezone", "starts_at", "ends_at", "jitter", "catch_up", "catch_up_limit", "input"];
const LATER_FIELDS: [&str; 2] = ["overlap", "if"];
/// Most missed instants that are made up for.
const MOST_MISSED: u32 = 1000;

/// Reads a schedule trigger.
pub(super) fn schedule(owner: &Cursor<'_>, fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<ScheduleTrigger> {
    fields.expect(problems, &FIELDS, &LATER_FIELDS);
    let written = written(fields, problems);
    let missed = missed(fields, problems);
    let input = match fields.get("input") {
        None => Some(None),
        Some(field) => input(&field, problems).map(Some),
    };
    let written = written?;
    let schedule = parse(owner, fields, &written, problems);
    Some(ScheduleTrigger { schedule: schedule?, written, missed: missed?, input: input? })
}

fn written(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<WrittenSchedule> {
    let mut fine = true;
    let mut text = |key: &str, expected: &str| {
        let read = fields.get(key)?.text_as(problems, expected).map(|text| text.value.clone());
        fine &= read.is_some();
        read
    };
    let time = "a time in quotes, such as \"2026-12-24T18:00\"";
    let cron = text("cron", "a cron expression in quotes");
    let at = text("at", time);
    let timezone = text("timezone", "the IANA name of a time zone");
    let (starts_at, ends_at) = (text("starts_at", time), text("ends_at", time));
    let mut duration = |key: &str| {
        let read = ids::any_duration(&fields.get(key)?, problems);
        fine &= read.is_some();
        read
    };
    let (every, jitter) = (duration("every"), duration("jitter"));
    let timezone = timezone.unwrap_or_else(|| "UTC".to_owned());
    fine.then_some(WrittenSchedule { cron, every, at, timezone, starts_at, ends_at, jitter })
}

/// The schedule; what is wrong with it is told where it stands.
fn parse(owner: &Cursor<'_>, fields: &Fields<'_>, written: &WrittenSchedule, problems: &mut Problems<'_>) -> Option<Schedule> {
    let error = match Schedule::new(&written.draft()) {
        Ok(schedule) => return Some(schedule),
        Err(error) => error,
    };
    let (keys, found): (&[&str], Found) = match &error {
        ScheduleError::Timezone(_) => {
            let near = nearest(&written.timezone, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
            (&["timezone"], Found::new("invalid_timezone", error.to_string()).meant(near))
        }
        ScheduleError::Cron(_) => {
            let hint = "write minute, hour, day of month, month, day of week, as in \"30 2 * * *\"";
            (&["cron"], Found::new("invalid_cron", error.to_string()).hint(hint))
        }
        ScheduleError::Time(text) => {
            let key = ["at", "starts_at", "ends_at"].into_iter().find(|key| written.time(key) == Some(text.as_str()));
            let place: &[&str] = match key {
                Some("at") => &["at"],
                Some("starts_at") => &["starts_at"],
                _ => &["ends_at"],
            };
            (place, Found::new("invalid_time", error.to_string()))
        }
        ScheduleError::Timing => {
            let none = written.cron.is_none() && written.every.is_none() && written.at.is_none();
            (&["at", "every"], Found::new(if none { "missing_field" } else { "conflict" }, error.to_string()))
        }
        ScheduleError::Every => (&["every"], Found::new("out_of_range", error.to_string())),
        ScheduleError::Jitter(_) => (&["jitter"], Found::new("out_of_range", error.to_string())),
        ScheduleError::Window => (&["ends_at"], Found::new("conflict", error.to_string())),
    };
    let place = keys.iter().find_map(|key| fields.get(key));
    place.as_ref().unwrap_or(owner).report(problems, found);
    None
}

impl WrittenSchedule {
    fn time(&self, key: &str) -> Option<&str> {
        match key {
            "at" => self.at.as_deref(),
            "starts_at" => self.starts_at.as_deref(),
            _ => self.ends_at.as_deref(),
        }
    }

    fn draft(&self) -> Draft<'_> {
        Draft {
            cron: self.cron.as_deref(),
            every: self.every,
            at: self.at.as_deref(),
            timezone: Some(&self.timezone),
            starts_at: self.starts_at.as_deref(),
            ends_at: self.ends_at.as_deref(),
            jitter: self.jitter,
        }
    }
}

fn missed(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Missed> {
    let word = fields.get("catch_up").map_or(Some("last"), |field| field.word(problems, &["all", "last", "none"]));
    let limit = fields.get("catch_up_limit");
    if let Some(field) = limit.as_ref().filter(|_| word.is_some_and(|word| word != "all")) {
        let found = Found::new("conflict", "`catch_up_limit` says how many are made up for, which needs `catch_up: all`");
        field.report(problems, found.hint("remove it, or write catch_up: all"));
        return None;
    }
    let catch_up = match word? {
        "all" => CatchUp::All,
        "none" => CatchUp::None,
        _ => CatchUp::Last,
    };
    let limit = match limit {
        None => Missed::default().limit,
        Some(field) => usize::try_from(field.integer(problems, 1, MOST_MISSED)?).ok()?,
    };
    Some(Missed { catch_up, limit })
}

/// What executions get: as it stands, without expressions.
fn input(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Value> {
    let value = field.node.to_json();
    if value.to_string().contains("{{") {
        let found =
            Found::new("wrong_type", "the input of a schedule is written out: there is nothing that an expression could read");
        field.report(problems, found);
        return None;
    }
    Some(value)
}
