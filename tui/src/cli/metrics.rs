//! `get metrics`: how executions and steps ended, and how long they took.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use tidemill_common::api::metrics::{DurationMetrics, ExecutionMetrics};
use tidemill_common::clock::{Clock as _, SystemClock};

use super::output::{self, Cell, Column, Row};
use super::session::Session;
use super::time::{human_millis, parse_duration};
use super::{Error, Exit};

/// Show counts and durations of what ended, per workflow or per step
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  tidemill get metrics\n  tidemill get metrics --workflow order-intake --since 7d -o wide")]
pub struct Metrics {
    /// Only this workflow, and its steps
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// How far to reach back, in whole hours; 24h if not given
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
}

impl Metrics {
    /// Prints the metrics.
    pub async fn run(self, session: &Session) -> Result<Exit, Error> {
        let since = self.since.and_then(|since| TimeDelta::from_std(since).ok());
        let since = since.and_then(|since| SystemClock.now().checked_sub_signed(since));
        let metrics = session.client()?.execution_metrics(self.workflow.as_deref(), since).await?;
        if let Some(text) = session.printer.document(&metrics) {
            output::write(&text)?;
        } else {
            session.printer.list(&lines(metrics))?;
        }
        Ok(Exit::Ok)
    }
}

/// A workflow or one of its steps.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    ended: DurationMetrics,
}

fn lines(metrics: ExecutionMetrics) -> Vec<Line> {
    let mut lines = Vec::new();
    for workflow in metrics.items {
        for step in workflow.steps {
            lines.push(Line { name: format!("{}/{}", workflow.workflow_id, step.step), ended: step.ended });
        }
        lines.push(Line { name: workflow.workflow_id, ended: workflow.executions });
    }
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    lines
}

impl Row for Line {
    const KIND: &'static str = "metrics";
    const COLUMNS: &'static [Column] = &[
        Column::new("NAME"),
        Column::new("COUNT"),
        Column::new("SUCCESS"),
        Column::wide("FAILED"),
        Column::wide("CANCELLED"),
        Column::wide("MEAN"),
        Column::new("P50"),
        Column::new("P95"),
        Column::new("P99"),
    ];

    fn id(&self) -> String {
        self.name.clone()
    }

    fn cells(&self, _: DateTime<Utc>) -> Vec<Cell> {
        let ended = &self.ended;
        let millis = |millis: Option<i64>| {
            millis.map_or_else(|| Cell::optional(None::<String>), |millis| Cell::both(human_millis(millis), millis.to_string()))
        };
        let rate = ended.success_rate.map(|rate| format!("{:.1}%", rate * 100.0));
        vec![
            Cell::text(&self.name),
            Cell::text(ended.count.to_string()),
            Cell::optional(rate),
            Cell::text(ended.failed.to_string()),
            Cell::text(ended.cancelled.to_string()),
            millis(ended.mean_ms),
            millis(ended.p50_ms),
            millis(ended.p95_ms),
            millis(ended.p99_ms),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tidemill_common::api::metrics::{StepMetrics, WorkflowMetrics};

    use super::*;

    #[test]
    fn a_workflow_comes_before_its_steps() {
        let steps = vec![StepMetrics { step: "a".into(), ended: DurationMetrics::default() }];
        let workflow = WorkflowMetrics { workflow_id: "w".into(), executions: DurationMetrics::default(), steps };
        let metrics = ExecutionMetrics { since: SystemClock.now(), items: vec![workflow] };
        assert_eq!(lines(metrics).iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["w", "w/a"]);
    }
}
