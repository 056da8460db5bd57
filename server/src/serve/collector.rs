//! The collector that hears what this node does, if the operator names one.

use std::sync::Arc;

use tidemill_common::clock::Clock;
use tidemill_common::ids::NodeId;
use tokio::task::JoinSet;

use super::Error;
use super::ground::outbound_of_operator;
use crate::background::{TraceExport, TracesPending, report_metrics, traces};
use crate::budget::Budget;
use crate::config::ServeConfig;
use crate::journal::Observer;
use crate::store::Database;
use crate::telemetry::{Collector, Metrics};

/// What is sent to the collector while the server runs.
pub(super) struct Exports {
    collector: Collector,
    traces: TraceExport,
    pub(super) pending: TracesPending,
}

impl Exports {
    /// A tap before `observer`, and what it gives; without a collector there is none, and the journal's thread does nothing more.
    pub(super) fn tap(
        config: &ServeConfig,
        observer: Arc<dyn Observer>,
        (node, budget): (NodeId, &Budget),
        (database, metrics): (&Database, &Arc<Metrics>),
        clock: &dyn Clock,
    ) -> Result<(Arc<dyn Observer>, Option<Self>), Error> {
        let Some(options) = config.otlp.clone() else { return Ok((observer, None)) };
        let names = (config.node_name.as_str(), &*node.to_string());
        let collector = Collector::new(outbound_of_operator(config, budget)?, options, names, clock.now());
        let (tap, traces, pending) = traces(observer, collector.clone(), database.clone(), Arc::clone(metrics));
        Ok((Arc::new(tap), Some(Self { collector, traces, pending })))
    }

    /// Starts to send.
    pub(super) fn start(self, loops: &mut JoinSet<()>, metrics: &Arc<Metrics>, clock: &Arc<dyn Clock>) -> TracesPending {
        loops.spawn(self.traces.run());
        loops.spawn(report_metrics(self.collector, Arc::clone(metrics), Arc::clone(clock)));
        self.pending
    }
}
