//! Metrics of code steps.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tidemill_common::status::FailureClass;
use tidemill_common::step_protocol::Level;

/// From a fork to a machine that has no time.
const SPAWN_SECONDS: [f64; 11] = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0, 10.0];
/// From a sum of two numbers to the longest time that a step has by default.
const RUN_SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// Metrics of code steps. Cheap to clone: clones count together.
#[derive(Debug, Clone)]
pub struct CodeMetrics {
    level: Gauge,
    spares: Gauge,
    host_memory: Gauge,
    runs: Family<RunLabels, Counter<u64, AtomicU64>>,
    run: Histogram,
    spawn: Histogram,
}

/// What runs are divided by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    engine: &'static str,
    outcome: &'static str,
}

impl Default for CodeMetrics {
    fn default() -> Self {
        Self {
            level: Gauge::default(),
            spares: Gauge::default(),
            host_memory: Gauge::default(),
            runs: Family::default(),
            run: Histogram::new(RUN_SECONDS),
            spawn: Histogram::new(SPAWN_SECONDS),
        }
    }
}

impl CodeMetrics {
    /// Shows them in `registry`.
    pub(super) fn register(&self, registry: &mut Registry) {
        let level = "Level of the sandbox that was measured, 0 to 3; 0 without a step host";
        registry.register("sandbox_level", level, self.level.clone());
        registry.register("code_spares", "Children of the step host that wait for a code step", self.spares.clone());
        let memory = "Resident memory of the step host, its children not counted";
        registry.register_with_unit("step_host_resident_memory", memory, Unit::Bytes, self.host_memory.clone());
        registry.register("code_runs", "Code that was run, by engine and outcome", self.runs.clone());
        let run = "Time of code from its job to its answer";
        registry.register_with_unit("code_run", run, Unit::Seconds, self.run.clone());
        let spawn = "Time that the step host took to make a child";
        registry.register_with_unit("code_spawn", spawn, Unit::Seconds, self.spawn.clone());
    }

    /// Code was run by `engine`, a fixed word; `failed` is the class of its failure.
    pub fn ran(&self, engine: &'static str, failed: Option<FailureClass>, time: Duration) {
        let outcome = failed.map_or("succeeded", FailureClass::as_str);
        self.runs.get_or_create(&RunLabels { engine, outcome }).inc();
        self.run.observe(time.as_secs_f64());
    }

    /// A child was made within `time`.
    pub fn spawned(&self, time: Duration) {
        self.spawn.observe(time.as_secs_f64());
    }

    /// How the step host is now: its level, children in reserve, resident memory in bytes.
    pub fn shown(&self, level: Level, spares: usize, memory_bytes: u64) {
        self.level.set(level as i64);
        self.spares.set(i64::try_from(spares).unwrap_or(i64::MAX));
        self.host_memory.set(i64::try_from(memory_bytes).unwrap_or(i64::MAX));
    }
}
