//! Views of the executions list: which rows, which columns, in which order. Those that were given a name are kept with the
//! session.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use tidemill_common::api::execution::ExecutionView;

/// A column that can be left out. State and id are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The workflow.
    Workflow,
    /// The version of it.
    Version,
    /// What started it; on narrow screens where the error would be.
    Trigger,
    /// The error.
    Error,
    /// How long it took.
    Time,
    /// When it began.
    Began,
}

impl Column {
    /// Every column, from left to right.
    pub const ALL: [Self; 6] = [Self::Workflow, Self::Version, Self::Trigger, Self::Error, Self::Time, Self::Began];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Version => "version",
            Self::Trigger => "trigger",
            Self::Error => "error",
            Self::Time => "time",
            Self::Began => "began",
        }
    }
}

/// What the rows are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest of those that are loaded first.
    Oldest,
    /// What took longest first; what has not ended before all.
    Longest,
    /// By workflow, the newest of each first.
    Workflow,
    /// By state, the newest of each first.
    State,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 5] = [Self::Newest, Self::Oldest, Self::Longest, Self::Workflow, Self::State];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Newest => "newest first",
            Self::Oldest => "oldest first",
            Self::Longest => "longest first",
            Self::Workflow => "by workflow",
            Self::State => "by state",
        }
    }

    /// Which of two rows comes first, where the newer one stands first already.
    pub fn compare(self, a: &ExecutionView, b: &ExecutionView) -> Ordering {
        match self {
            Self::Newest => Ordering::Equal,
            Self::Oldest => a.id.cmp(&b.id),
            Self::Longest => {
                let took = |row: &ExecutionView| row.duration_ms.unwrap_or(i64::MAX);
                took(b).cmp(&took(a))
            }
            Self::Workflow => a.workflow_id.cmp(&b.workflow_id),
            Self::State => a.status.as_str().cmp(b.status.as_str()),
        }
    }
}

/// How the rows are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The columns that are left out.
    pub hidden: Vec<Column>,
    /// What they are ordered by.
    pub order: Order,
}

impl Default for Look {
    fn default() -> Self {
        Self { hidden: vec![Column::Version], order: Order::Newest }
    }
}

impl Look {
    /// Whether a column is there.
    pub fn shows(&self, column: Column) -> bool {
        !self.hidden.contains(&column)
    }

    /// Leaves a column out, or takes it in again.
    pub fn turn(&mut self, column: Column) {
        if self.shows(column) {
            self.hidden.push(column);
        } else {
            self.hidden.retain(|hidden| *hidden != column);
        }
    }

    /// Whether it is as at first.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// A view that was given a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: String,
    /// The filter, as it is typed.
    pub filter: String,
    /// How the rows are shown.
    pub look: Look,
}

#[cfg(test)]
mod tests {
    use tidemill_common::status::ExecutionStatus;

    use super::*;
    use crate::app::state::testing::{id, row};

    #[test]
    fn orders_order() {
        let mut rows = [
            row(3, "b", ExecutionStatus::Succeeded),
            row(2, "a", ExecutionStatus::Failed),
            row(1, "b", ExecutionStatus::Running),
        ];
        let mut order = |order: Order| {
            rows.sort_by_key(|row| std::cmp::Reverse(row.id));
            rows.sort_by(|a, b| order.compare(a, b));
            rows.iter().map(|row| i32::from(row.id == id(1))).collect::<Vec<_>>()
        };
        assert_eq!(order(Order::Newest), [0, 0, 1]);
        assert_eq!(order(Order::Oldest), [1, 0, 0]);
        assert_eq!(order(Order::Longest), [1, 0, 0], "what has not ended takes longest");
        assert_eq!(order(Order::Workflow), [0, 0, 1]);
        assert_eq!(order(Order::State), [0, 1, 0], "failed, running, succeeded");
    }

    #[test]
    fn a_column_is_turned_off_and_on() {
        let mut look = Look::default();
        assert!(look.is_plain() && !look.shows(Column::Version) && look.shows(Column::Error));
        look.turn(Column::Error);
        assert!(!look.shows(Column::Error) && !look.is_plain());
        look.turn(Column::Error);
        assert!(look.shows(Column::Error));
    }
}
