//! Schedules, explained: nothing is kept.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use tidemill_common::api::schedule::{ClockChange, ClockChangeKind, ScheduleExplain, ScheduleExplanation, ScheduleFiring};
use tidemill_common::clock::Clock;

use super::access::authorize;
use super::error::Error;
use crate::auth::{Caller, Operation};
use crate::domain::schedule::{self, Change, Draft, Schedule};
use crate::domain::workflow::duration;

/// Firings that are listed when nobody says how many.
const FIRINGS: usize = 10;
/// Most firings that are listed.
const MOST_FIRINGS: usize = 1000;

/// Explains schedules.
#[derive(Clone)]
pub struct Schedules {
    clock: Arc<dyn Clock>,
}

impl Schedules {
    /// Explanations that begin at the clock's now.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }

    /// What a schedule will do.
    pub async fn explain(&self, caller: &Caller, wanted: ScheduleExplain) -> Result<ScheduleExplanation, Error> {
        authorize(caller, Operation::ScheduleExplain)?;
        let from = wanted.from.unwrap_or_else(|| self.clock.now());
        let count = wanted.count.map_or(Ok(FIRINGS), usize::try_from).unwrap_or(MOST_FIRINGS).clamp(1, MOST_FIRINGS);
        // Rare dates are searched for through decades, second by second at times: not on a thread that answers others.
        let explained = tokio::task::spawn_blocking(move || {
            let schedule = read(&wanted)?;
            let explanation = schedule::explain(&schedule, from, count);
            Ok(ScheduleExplanation {
                next: explanation.next.iter().map(|at| firing(&schedule, *at)).collect(),
                changes: explanation.changes.iter().map(|change| clock_change(&schedule, change)).collect(),
            })
        });
        explained.await.map_err(|error| Error::Internal(error.to_string()))?
    }
}

fn read(wanted: &ScheduleExplain) -> Result<Schedule, Error> {
    let every = wanted.every.as_deref().map(duration::parse).transpose().map_err(Error::Invalid)?;
    let draft = Draft {
        cron: wanted.cron.as_deref(),
        every,
        at: wanted.at.as_deref(),
        timezone: wanted.timezone.as_deref(),
        starts_at: wanted.starts_at.as_deref(),
        ends_at: wanted.ends_at.as_deref(),
        jitter: None::<Duration>,
    };
    Schedule::new(&draft).map_err(|error| Error::Invalid(error.to_string()))
}

fn firing(schedule: &Schedule, at: DateTime<Utc>) -> ScheduleFiring {
    ScheduleFiring { at, local: at.with_timezone(&schedule.timezone()).to_rfc3339_opts(SecondsFormat::Secs, false) }
}

fn clock_change(schedule: &Schedule, change: &Change) -> ClockChange {
    let wall = |local: &NaiveDateTime| local.format("%Y-%m-%dT%H:%M:%S").to_string();
    ClockChange {
        at: change.at,
        kind: if change.is_gap() { ClockChangeKind::Gap } else { ClockChangeKind::Overlap },
        from: wall(&change.stretch.0),
        to: wall(&change.stretch.1),
        named: change.named.iter().map(wall).collect(),
        fires: change.fires.iter().map(|at| firing(schedule, *at)).collect(),
        effect: change.effect().to_owned(),
    }
}
