//! The dashboard: what the loaded executions add up to.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::list::List;
use super::store::Store;

/// How far back the ended executions are counted.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Minutes of the chart.
pub const MINUTES: usize = 60;

/// The screen's state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dashboard {
    /// What was counted.
    pub summary: Summary,
    /// The rows under the cursor: causes, then what is under way.
    pub list: List<Row>,
    /// When quota, nodes and the like were last asked for.
    pub asked: Option<DateTime<Utc>>,
}

/// What the loaded executions add up to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Under way or to come, whenever they began.
    pub running: usize,
    /// Admitted, not started.
    pub queued: usize,
    /// Waiting for a time or an event, or paused.
    pub waiting: usize,
    /// Ended well within the window.
    pub succeeded: usize,
    /// Failed within the window.
    pub failed: usize,
    /// How many of all executions of the window are loaded: `None` when all are.
    pub since: Option<DateTime<Utc>>,
    /// Executions admitted per minute, the present minute last.
    pub per_minute: Vec<u64>,
    /// Executions failed per minute, the present minute last.
    pub failed_per_minute: Vec<u64>,
    /// Failures of the window, grouped by workflow and error, newest first.
    pub causes: Vec<Cause>,
    /// What is under way, newest first.
    pub active: Vec<ExecutionId>,
}

/// Executions that failed for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The workflow.
    pub workflow: String,
    /// The error.
    pub error: String,
    /// How many.
    pub count: usize,
    /// The newest of them.
    pub newest: ExecutionId,
    /// When that one ended.
    pub at: DateTime<Utc>,
    /// The state of that one.
    pub status: ExecutionStatus,
}

/// A row that the cursor can stand on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A cause: workflow and error.
    Cause(String, String),
    /// An execution that is under way.
    Active(ExecutionId),
}

/// Where the cause of a workflow and an error is, while they are counted.
type Places<'a> = HashMap<(&'a str, &'a str), usize>;

impl Dashboard {
    /// Counts anew; `rows` are there for causes and what is under way.
    pub fn refresh(&mut self, store: &Store, now: DateTime<Utc>, rows: usize) {
        self.summary = Summary::of(store, now);
        let (causes, active) = self.summary.share(rows);
        let causes = self.summary.causes[..causes].iter().map(|cause| Row::Cause(cause.workflow.clone(), cause.error.clone()));
        let active = self.summary.active[..active].iter().copied().map(Row::Active);
        self.list.set_keys(causes.chain(active).collect());
    }

    /// How many causes and how many executions under way are shown.
    pub fn shown(&self) -> (usize, usize) {
        let causes = self.list.keys().iter().filter(|row| matches!(row, Row::Cause(..))).count();
        (causes, self.list.keys().len() - causes)
    }

    /// The execution that the cursor stands on, or the newest one of its cause.
    pub fn selected(&self) -> Option<ExecutionId> {
        match self.list.selected()? {
            Row::Active(id) => Some(*id),
            Row::Cause(workflow, error) => {
                let same = |cause: &&Cause| cause.workflow == *workflow && cause.error == *error;
                self.summary.causes.iter().find(same).map(|cause| cause.newest)
            }
        }
    }
}

impl Summary {
    /// How many causes and how many executions under way find room in `rows`.
    fn share(&self, rows: usize) -> (usize, usize) {
        let (causes, active) = (self.causes.len(), self.active.len());
        let for_causes = causes.min(rows.saturating_sub(active).max(rows.div_ceil(2)));
        (for_causes, active.min(rows - for_causes))
    }

    fn of(store: &Store, now: DateTime<Utc>) -> Self {
        let mut summary = Self { per_minute: vec![0; MINUTES], failed_per_minute: vec![0; MINUTES], ..Self::default() };
        let mut places = HashMap::new();
        for row in store.newest_first() {
            summary.count(row, now, &mut places);
        }
        summary.causes.sort_by_key(|cause| std::cmp::Reverse(cause.at));
        let oldest = store.reach.or_else(|| store.newest_first().last().map(|row| row.created_at));
        summary.since = oldest.filter(|oldest| store.older.is_some() && now - *oldest < WINDOW);
        summary
    }

    fn count<'a>(&mut self, row: &'a ExecutionView, now: DateTime<Utc>, places: &mut Places<'a>) {
        bump(&mut self.per_minute, row.created_at, now);
        if !row.status.is_terminal() {
            self.active.push(row.id);
        }
        let ended = row.finished_at.unwrap_or(row.created_at);
        match row.status {
            ExecutionStatus::Running => self.running += 1,
            ExecutionStatus::Queued => self.queued += 1,
            ExecutionStatus::Waiting | ExecutionStatus::Paused => self.waiting += 1,
            _ if now - ended > WINDOW => {}
            ExecutionStatus::Succeeded => self.succeeded += 1,
            ExecutionStatus::Failed | ExecutionStatus::DeadLetter => {
                self.failed += 1;
                bump(&mut self.failed_per_minute, ended, now);
                self.blame(row, ended, places);
            }
            ExecutionStatus::Cancelled => {}
        }
    }

    fn blame<'a>(&mut self, row: &'a ExecutionView, at: DateTime<Utc>, places: &mut Places<'a>) {
        let (workflow, error) = (row.workflow_id.as_str(), row.error.as_deref().unwrap_or("no reason was given"));
        let place = *places.entry((workflow, error)).or_insert(self.causes.len());
        let Some(cause) = self.causes.get_mut(place) else {
            let (workflow, error) = (workflow.to_owned(), error.to_owned());
            self.causes.push(Cause { workflow, error, count: 1, newest: row.id, at, status: row.status });
            return;
        };
        cause.count += 1;
        if at > cause.at {
            (cause.newest, cause.at, cause.status) = (row.id, at, row.status);
        }
    }
}

fn bump(minutes: &mut [u64], at: DateTime<Utc>, now: DateTime<Utc>) {
    let ago = now.timestamp().div_euclid(60) - at.timestamp().div_euclid(60);
    if let Ok(ago) = usize::try_from(ago.max(0))
        && ago < minutes.len()
    {
        let last = minutes.len() - 1;
        minutes[last - ago] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::state::testing;

    #[test]
    fn one_cause_is_one_row_and_old_failures_do_not_count() {
        let mut store = Store::default();
        for n in 0..5 {
            store.put(testing::row(n, "sync", ExecutionStatus::Failed));
        }
        let mut old = testing::row(50, "sync", ExecutionStatus::Failed);
        old.finished_at = Some(testing::now() - TimeDelta::hours(2));
        store.put(old);
        let summary = Summary::of(&store, testing::now());
        assert_eq!((summary.failed, summary.causes.len(), summary.causes[0].count), (5, 1, 5));
        assert_eq!(summary.failed_per_minute.iter().sum::<u64>(), 5);
    }

    #[test]
    fn it_admits_that_the_window_is_not_loaded_whole() {
        let mut store = testing::store(5);
        assert_eq!(Summary::of(&store, testing::now()).since, None);
        store.older = Some("more".into());
        assert!(Summary::of(&store, testing::now()).since.is_some());
    }
}
