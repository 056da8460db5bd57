//! How executions and steps went: counts, success, durations.

use tidemill_common::api::metrics::{DurationMetrics, ExecutionMetrics, WorkflowMetrics};

use super::entry::{Cell, Column, Entry, Opens, Value};
use super::subject::{Spec, Subject};
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

const fn columns(title: &'static str) -> [Column; 8] {
    [
        Column::text(title, 14, 1),
        Column::number("ENDED", 8),
        Column::number("FAILED", 7),
        Column::number("SUCCESS", 7),
        Column::number("P50", 7),
        Column::number("P95", 7),
        Column::number("P99", 7),
        Column::number("MEAN", 7).from(90),
    ]
}

const WORKFLOW_COLUMNS: [Column; 8] = columns("WORKFLOW");
const STEP_COLUMNS: [Column; 8] = columns("STEP");

/// One row per workflow.
pub const WORKFLOWS: Spec = Spec {
    noun: "metrics",
    columns: &WORKFLOW_COLUMNS,
    empty: &[
        "Nothing ended within the last day.",
        "Executions are counted when they end; 3 shows the workflows, r starts one.",
    ],
    hints: &[Action::Open, Action::Sort, Action::Filter],
    scopes: &[Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Viewer,
};

/// One row per step.
pub const STEPS: Spec = Spec {
    noun: "steps",
    columns: &STEP_COLUMNS,
    empty: &["No step of this workflow ended within the last day."],
    hints: &[Action::Sort, Action::Filter],
    scopes: &[Scope::List, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Viewer,
};

/// The row of a workflow.
pub fn workflow(metrics: &WorkflowMetrics) -> Entry {
    let id = &metrics.workflow_id;
    row(id, &metrics.executions, Entry::new(id, format!("tidemill get metrics --workflow {id}"), metrics))
        .marked("", "enter shows its steps", Token::Muted)
        .opens(Opens::Listing(Subject::Steps(id.clone())))
}

/// The rows of a workflow's steps.
pub fn steps(workflow: &str, metrics: &ExecutionMetrics) -> Vec<Entry> {
    let found = metrics.items.iter().filter(|item| item.workflow_id == workflow).flat_map(|item| &item.steps);
    let command = format!("tidemill get metrics --workflow {workflow}");
    found.map(|step| row(&step.step, &step.ended, Entry::new(&step.step, &command, step))).collect()
}

fn row(name: &str, ended: &DurationMetrics, entry: Entry) -> Entry {
    let millis = |value: Option<i64>| Cell::new(value.map_or(Value::None, Value::Millis));
    let failed = Cell::new(Value::Count(ended.failed));
    let success = Cell::new(ended.success_rate.map_or(Value::None, Value::Share));
    let token = match ended.success_rate {
        Some(rate) if rate >= 0.99 => Token::Ok,
        Some(rate) if rate >= 0.9 => Token::Warn,
        Some(_) => Token::Err,
        None => Token::Muted,
    };
    entry
        .cells([
            Cell::text(name),
            Cell::new(Value::Count(ended.count)),
            if ended.failed > 0 { failed.with(Token::Err) } else { failed.with(Token::Muted) },
            success.with(token),
            millis(ended.p50_ms),
            millis(ended.p95_ms),
            millis(ended.p99_ms),
            millis(ended.mean_ms),
        ])
        .fact("ended", ended.count.to_string())
        .fact("succeeded", ended.succeeded.to_string())
        .fact("failed", ended.failed.to_string())
        .fact("cancelled", ended.cancelled.to_string())
}
