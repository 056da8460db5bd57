//! Metrics of finished executions, out of the rollups.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tidemill_common::api::metrics::{DurationMetrics, ExecutionMetrics, StepMetrics, WorkflowMetrics};

use super::access::authorize;
use super::error::Error;
use super::execution::Executions;
use super::workflow::known_id;
use crate::auth::{Caller, Operation};
use crate::domain::duration_histogram::DurationHistogram;
use crate::store::queries::rollup::{self, RollupRow};

/// How far metrics reach back when nobody asks for a time.
const SINCE: TimeDelta = TimeDelta::hours(24);

/// How things ended and how long they took.
#[derive(Default)]
struct Ended {
    succeeded: i64,
    failed: i64,
    cancelled: i64,
    durations: DurationHistogram,
}

impl Executions {
    /// Counts and durations since a time: of every workflow, or of one with its steps.
    pub async fn metrics(
        &self,
        caller: &Caller,
        workflow_id: Option<String>,
        since: Option<DateTime<Utc>>,
    ) -> Result<ExecutionMetrics, Error> {
        authorize(caller, Operation::ExecutionMetricsView)?;
        let workspace = caller.workspace;
        let since = since.unwrap_or_else(|| self.clock.now() - SINCE);
        let since = since.duration_trunc(TimeDelta::hours(1)).unwrap_or(since);
        let workflow = workflow_id.as_deref().map(known_id).transpose()?;
        let rows =
            self.database.with_tenant(workspace, move |conn| rollup::read(conn, workspace, workflow.as_deref(), since)).await?;
        Ok(ExecutionMetrics { since, items: workflows(rows) })
    }
}

fn workflows(rows: Vec<RollupRow>) -> Vec<WorkflowMetrics> {
    let mut found: BTreeMap<String, BTreeMap<String, Ended>> = BTreeMap::new();
    for row in rows {
        found.entry(row.workflow_id).or_default().entry(row.step).or_default().add(
            &row.status,
            row.bucket,
            (row.count, row.total_ms),
        );
    }
    let workflow = |(workflow_id, mut parts): (String, BTreeMap<String, Ended>)| {
        let executions = parts.remove("").unwrap_or_default().metrics();
        let steps = parts.into_iter().map(|(step, ended)| StepMetrics { step, ended: ended.metrics() }).collect();
        WorkflowMetrics { workflow_id, executions, steps }
    };
    found.into_iter().map(workflow).collect()
}

impl Ended {
    fn add(&mut self, status: &str, bucket: i16, (count, total_ms): (i64, i64)) {
        match status {
            "succeeded" => self.succeeded += count,
            "cancelled" => self.cancelled += count,
            _ => self.failed += count,
        }
        self.durations.add(bucket, count, total_ms);
    }

    fn metrics(&self) -> DurationMetrics {
        let judged = self.succeeded + self.failed;
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 52 bits")]
        let success_rate = (judged > 0).then(|| self.succeeded as f64 / judged as f64);
        DurationMetrics {
            count: self.durations.count(),
            succeeded: self.succeeded,
            failed: self.failed,
            cancelled: self.cancelled,
            success_rate,
            mean_ms: self.durations.mean_ms(),
            p50_ms: self.durations.quantile_ms(500),
            p95_ms: self.durations.quantile_ms(950),
            p99_ms: self.durations.quantile_ms(990),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_workflows_with_their_steps() {
        let row = |step: &str, status: &str, bucket, count| RollupRow {
            workflow_id: "w".into(),
            step: step.into(),
            status: status.into(),
            bucket,
            count,
            total_ms: count * 10,
        };
        let rows = vec![
            row("", "succeeded", 20, 3),
            row("", "dead_letter", 30, 1),
            row("", "cancelled", 1, 4),
            row("a", "failed", 20, 1),
        ];
        let found = workflows(rows);
        let all = &found[0].executions;
        assert_eq!((all.count, all.succeeded, all.failed, all.cancelled), (8, 3, 1, 4));
        assert_eq!((all.success_rate, all.mean_ms), (Some(0.75), Some(10)));
        assert_eq!((found[0].steps.len(), found[0].steps[0].ended.success_rate), (1, Some(0.0)));
    }
}
