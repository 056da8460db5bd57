//! Metrics in the OpenMetrics text format, named after Prometheus' conventions: base units, `_total` for counters.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};
use tidemill_common::status::{ExecutionStatus, StepStatus};

use super::code::CodeMetrics;
use super::labels::{DeliveryOutcome, OutcomeLabel, RequestLabels, StatusLabel, StepLabels, method_label};
use super::upkeep::UpkeepMetrics;

/// The `Content-Type` of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From half a millisecond to a day: an execution may be a transform or a wait.
const EXECUTION_SECONDS: [f64; 17] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 86_400.0];
const REQUEST_SECONDS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const COMMIT_SECONDS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
/// A batch has at most 512 commands.
const BATCH_COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

type Count = Counter<u64, AtomicU64>;

/// All metrics of a server. Recording costs an atomic, a short lock, or a look into a small map; never an allocation.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    executions_started: Count,
    executions_finished: Children<ExecutionStatus, 4>,
    execution_duration: Histogram,
    executions_running: Gauge,
    steps_finished: Family<StepLabels, Count>,
    journal_batch_commands: Histogram,
    journal_commit: Histogram,
    http_requests: Family<RequestLabels, Count>,
    http_request_duration: Histogram,
    webhook_deliveries: Children<DeliveryOutcome, 8>,
    stream_subscribers: Gauge,
    default_partition_rows: Gauge,
    oldest_transaction: Gauge,
    code: CodeMetrics,
    upkeep: UpkeepMetrics,
    traces_exported: Family<OutcomeLabel, Count>,
}

/// Counts as one in a gauge for as long as it lives.
#[derive(Debug)]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The counters of a family whose label values are all known: shown from the start, found without a lock.
#[derive(Debug)]
struct Children<K, const N: usize>([(K, Count); N]);

impl<K: Copy + PartialEq, const N: usize> Children<K, N> {
    fn inc(&self, key: K) {
        if let Some((_, count)) = self.0.iter().find(|(known, _)| *known == key) {
            count.inc();
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Every metric at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("tidemill");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of this server", build);
        let registry_mut = &mut registry;
        Self {
            executions_started: add(registry_mut, "executions_started", "Executions admitted", Count::default()),
            executions_finished: executions_finished(registry_mut),
            execution_duration: seconds(registry_mut, "execution_duration", "From admission to the end", &EXECUTION_SECONDS),
            executions_running: add(registry_mut, "executions_running", "Executions that this node works on", Gauge::default()),
            steps_finished: add(registry_mut, "steps_finished", "Steps that ended, by type and state", Family::default()),
            journal_batch_commands: add(
                registry_mut,
                "journal_batch_commands",
                "Commands that one commit of the journal carries",
                Histogram::new(BATCH_COMMANDS),
            ),
            journal_commit: seconds(registry_mut, "journal_commit", "Time to write and commit one batch", &COMMIT_SECONDS),
            http_requests: add(registry_mut, "http_requests", "Requests answered, by route", Family::default()),
            http_request_duration: seconds(registry_mut, "http_request_duration", "Time to answer", &REQUEST_SECONDS),
            webhook_deliveries: webhook_deliveries(registry_mut),
            stream_subscribers: add(registry_mut, "stream_subscribers", "Open WebSocket streams", Gauge::default()),
            default_partition_rows: add(
                registry_mut,
                "default_partition_rows",
                "Rows that found no partition of their day; there should be none",
                Gauge::default(),
            ),
            oldest_transaction: oldest_transaction(registry_mut),
            code: code(registry_mut),
            upkeep: upkeep(registry_mut),
            traces_exported: traces_exported(registry_mut),
            registry,
        }
    }

    /// An execution was admitted.
    pub fn execution_started(&self) {
        self.executions_started.inc();
    }

    /// An execution ended in `status`, `after` its admission. States that are not terminal are not counted.
    pub fn execution_finished(&self, status: ExecutionStatus, after: Duration) {
        if status.is_terminal() {
            self.executions_finished.inc(status);
            self.execution_duration.observe(after.as_secs_f64());
        }
    }

    /// This node works on one more execution, until the guard is dropped.
    pub fn execution_running(&self) -> Counted {
        Counted::new(&self.executions_running)
    }

    /// A step of type `uses` (the built-in type, never a name that a user chose) ended in `status`.
    pub fn step_finished(&self, uses: &'static str, status: StepStatus) {
        self.steps_finished.get_or_create(&StepLabels { uses, status: status.as_str() }).inc();
    }

    /// The journal committed a batch of `commands` within `time`.
    pub fn journal_committed(&self, commands: u32, time: Duration) {
        self.journal_batch_commands.observe(f64::from(commands));
        self.journal_commit.observe(time.as_secs_f64());
    }

    /// A request was answered. `route` is the path's template, for example `/api/executions/{id}`; never the path.
    pub fn http_answered(&self, method: &str, route: &'static str, status: u16, time: Duration) {
        let labels = RequestLabels { method: method_label(method), route, status };
        self.http_requests.get_or_create(&labels).inc();
        self.http_request_duration.observe(time.as_secs_f64());
    }

    /// A delivery to a webhook was answered.
    pub fn webhook_answered(&self, outcome: DeliveryOutcome) {
        self.webhook_deliveries.inc(outcome);
    }

    /// One more open stream, until the guard is dropped.
    pub fn stream_subscribed(&self) -> Counted {
        Counted::new(&self.stream_subscribers)
    }

    /// The database was looked at: rows without a partition, and the age of its oldest transaction in seconds.
    pub fn database_watched(&self, strays: i64, oldest: i64) {
        self.default_partition_rows.set(strays);
        self.oldest_transaction.set(oldest);
    }

    /// Of so many executions traces were sent, of others not: the collector did not take them, or too many waited.
    pub fn traces_exported(&self, sent: u64, dropped: u64) {
        for (outcome, count) in [("sent", sent), ("dropped", dropped)] {
            self.traces_exported.get_or_create(&OutcomeLabel { outcome }).inc_by(count);
        }
    }

    /// Those of code steps.
    #[must_use]
    pub fn code(&self) -> CodeMetrics {
        self.code.clone()
    }

    /// Those of what has to be looked after.
    #[must_use]
    pub fn upkeep(&self) -> UpkeepMetrics {
        self.upkeep.clone()
    }

    /// All metrics as text, of the type [`CONTENT_TYPE`].
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a String takes every text")]
    pub fn render(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a String takes every text");
        text
    }
}

fn add<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn seconds(registry: &mut Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let histogram = Histogram::new(buckets.iter().copied());
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

fn code(registry: &mut Registry) -> CodeMetrics {
    let metrics = CodeMetrics::default();
    metrics.register(registry);
    metrics
}

fn oldest_transaction(registry: &mut Registry) -> Gauge {
    let (gauge, help) =
        (Gauge::default(), "How long the oldest transaction of the database has been open; the log names its process");
    registry.register_with_unit("oldest_transaction", help, Unit::Seconds, gauge.clone());
    gauge
}

fn upkeep(registry: &mut Registry) -> UpkeepMetrics {
    let metrics = UpkeepMetrics::default();
    metrics.register(registry);
    metrics
}

fn traces_exported(registry: &mut Registry) -> Family<OutcomeLabel, Count> {
    let family: Family<OutcomeLabel, Count> =
        add(registry, "traces_exported", "Traces of executions for a collector, by what became of them", Family::default());
    for outcome in ["sent", "dropped"] {
        drop(family.get_or_create(&OutcomeLabel { outcome }));
    }
    family
}

fn executions_finished(registry: &mut Registry) -> Children<ExecutionStatus, 4> {
    let family: Family<StatusLabel, Count> =
        add(registry, "executions_finished", "Executions that ended, by state", Family::default());
    let states = [ExecutionStatus::Succeeded, ExecutionStatus::Failed, ExecutionStatus::Cancelled, ExecutionStatus::DeadLetter];
    Children(states.map(|status| (status, family.get_or_create_owned(&StatusLabel { status: status.as_str() }))))
}

fn webhook_deliveries(registry: &mut Registry) -> Children<DeliveryOutcome, 8> {
    let family: Family<OutcomeLabel, Count> =
        add(registry, "webhook_deliveries", "Deliveries to webhooks, by what became of them", Family::default());
    let child = |outcome: DeliveryOutcome| family.get_or_create_owned(&OutcomeLabel { outcome: outcome.as_str() });
    Children(DeliveryOutcome::ALL.map(|outcome| (outcome, child(outcome))))
}

#[cfg(test)]
mod tests {
    use tidemill_common::status::FailureClass;
    use tidemill_common::step_protocol::Level;

    use super::*;

    fn has(text: &str, line: &str) -> bool {
        text.lines().any(|candidate| candidate == line)
    }

    #[test]
    fn everything_is_there_before_anything_happened() {
        let text = Metrics::new().render();
        for line in [
            "tidemill_executions_started_total 0",
            "tidemill_executions_finished_total{status=\"dead_letter\"} 0",
            "tidemill_execution_duration_seconds_count 0",
            "tidemill_executions_running 0",
            "tidemill_journal_batch_commands_count 0",
            "tidemill_journal_commit_seconds_count 0",
            "tidemill_http_request_duration_seconds_count 0",
            "tidemill_webhook_deliveries_total{outcome=\"admitted\"} 0",
            "tidemill_stream_subscribers 0",
            "tidemill_sandbox_level 0",
            "tidemill_code_run_seconds_count 0",
            "tidemill_code_spawn_seconds_count 0",
            "tidemill_step_host_resident_memory_bytes 0",
            concat!("tidemill_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
            "# EOF",
        ] {
            assert!(has(&text, line), "{line} in {text}");
        }
    }

    #[test]
    fn what_happens_is_counted() {
        let metrics = Metrics::new();
        metrics.execution_started();
        metrics.execution_finished(ExecutionStatus::Succeeded, Duration::from_millis(3));
        metrics.execution_finished(ExecutionStatus::Waiting, Duration::from_millis(3));
        metrics.step_finished("http.request", StepStatus::Failed);
        metrics.journal_committed(64, Duration::from_micros(900));
        metrics.http_answered("GET", "/api/executions/{id}", 200, Duration::from_millis(1));
        metrics.http_answered("BREW", "/api/executions/{id}", 405, Duration::from_millis(1));
        metrics.webhook_answered(DeliveryOutcome::Duplicate);
        metrics.code().ran("python", Some(FailureClass::Timeout), Duration::from_millis(1));
        metrics.code().shown(Level::L2, 4, 40_000_000);
        let text = metrics.render();
        for line in [
            "tidemill_executions_started_total 1",
            "tidemill_executions_finished_total{status=\"succeeded\"} 1",
            "tidemill_execution_duration_seconds_count 1",
            "tidemill_execution_duration_seconds_bucket{le=\"0.0025\"} 0",
            "tidemill_execution_duration_seconds_bucket{le=\"0.005\"} 1",
            "tidemill_steps_finished_total{uses=\"http.request\",status=\"failed\"} 1",
            "tidemill_journal_batch_commands_sum 64.0",
            "tidemill_http_requests_total{method=\"GET\",route=\"/api/executions/{id}\",status=\"200\"} 1",
            "tidemill_http_requests_total{method=\"other\",route=\"/api/executions/{id}\",status=\"405\"} 1",
            "tidemill_webhook_deliveries_total{outcome=\"duplicate\"} 1",
            "tidemill_code_runs_total{engine=\"python\",outcome=\"timeout\"} 1",
            "tidemill_sandbox_level 2",
            "tidemill_code_spares 4",
        ] {
            assert!(has(&text, line), "{line} in {text}");
        }
    }

    #[test]
    fn a_guard_counts_while_it_lives() {
        let metrics = Metrics::new();
        let (first, second) = (metrics.execution_running(), metrics.execution_running());
        assert!(has(&metrics.render(), "tidemill_executions_running 2"));
        drop((first, second));
        assert!(has(&metrics.render(), "tidemill_executions_running 0"));
        let stream = metrics.stream_subscribed();
        assert!(has(&metrics.render(), "tidemill_stream_subscribers 1"));
        drop(stream);
    }
}
