//! The figures, for people and for programs.

use std::fmt;

use serde::Serialize;

use super::load::Seen;

/// What a bench found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was done.
    pub scenario: &'static str,
    /// One row per number of clients.
    pub loads: Vec<Load>,
    /// Executions a second that Postgres took when it only inserted their rows; absent without its URL.
    pub bulk_per_second: Option<f64>,
    /// Events of one execution.
    pub events_per_execution: usize,
}

/// The figures of one load. Latencies are in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// Clients at the same time.
    pub clients: u32,
    /// Executions that succeeded and were answered.
    pub executions: u64,
    /// The same per second.
    pub per_second: f64,
    /// Half of the answers came within.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// All.
    pub max_ms: f64,
    /// Answers that were not 200.
    pub refused: u64,
    /// Part of the bulk rate.
    pub of_bulk: Option<f64>,
}

impl Load {
    /// The figures of what `clients` saw.
    #[expect(clippy::cast_precision_loss, reason = "a bench counts far below 2^53")]
    pub(super) fn new(clients: u32, seen: &Seen, bulk: Option<f64>) -> Self {
        let executions = seen.latencies.count();
        let per_second = executions as f64 / seen.elapsed.as_secs_f64();
        Self {
            clients,
            executions,
            per_second,
            p50_ms: seen.latencies.percentile(50),
            p95_ms: seen.latencies.percentile(95),
            p99_ms: seen.latencies.percentile(99),
            max_ms: seen.latencies.max(),
            refused: seen.refused,
            of_bulk: bulk.map(|bulk| per_second / bulk),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} events per execution", self.scenario, self.events_per_execution)?;
        writeln!(
            f,
            "{:>8} {:>12} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}",
            "CLIENTS", "EXECUTIONS/S", "P50 MS", "P95 MS", "P99 MS", "MAX MS", "NOT 200", "OF BULK"
        )?;
        for load in &self.loads {
            let of_bulk = load.of_bulk.map_or_else(|| "-".to_owned(), |part| format!("{:.0} %", part * 100.0));
            writeln!(
                f,
                "{:>8} {:>12.0} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>8} {of_bulk:>8}",
                load.clients, load.per_second, load.p50_ms, load.p95_ms, load.p99_ms, load.max_ms, load.refused
            )?;
        }
        match self.bulk_per_second {
            Some(bulk) => write!(f, "bulk: Postgres alone takes {bulk:.0} executions/s of these rows, 500 a commit"),
            None => write!(f, "bulk: not measured (--postgres-url names the server's Postgres)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bench::histogram::Histogram;

    #[test]
    fn a_report_reads_well() {
        let mut latencies = Histogram::default();
        (0..2000).for_each(|_| latencies.record(Duration::from_millis(2)));
        let seen = Seen { latencies, refused: 1, elapsed: Duration::from_secs(1) };
        let loads = vec![Load::new(64, &seen, Some(8000.0))];
        let report = Report { scenario: "webhook-sync", loads, bulk_per_second: Some(8000.0), events_per_execution: 8 };
        insta::assert_snapshot!(report, @r"
        webhook-sync, 8 events per execution
         CLIENTS EXECUTIONS/S    P50 MS    P95 MS    P99 MS    MAX MS  NOT 200  OF BULK
              64         2000      2.00      2.00      2.00      2.00        1     25 %
        bulk: Postgres alone takes 8000 executions/s of these rows, 500 a commit
        ");
    }
}
