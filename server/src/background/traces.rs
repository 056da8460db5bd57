//! Sends the traces of executions that have ended to a collector, and the metrics of this node beside them.
//!
//! The journal's thread only puts the number of an execution into a queue; what is told of it is read from its events, so that
//! it makes no difference which nodes carried it out. When the queue is full, traces are dropped and counted.

use std::sync::Arc;
use std::time::Duration;

use tidemill_common::clock::Clock;
use tidemill_common::event::{Event, EventBody, Json};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::domain::trace::{Sampling, Span, spans};
use crate::journal::{self, Committed, Observer};
use crate::store::Database;
use crate::store::queries::feed;
use crate::telemetry::{Collector, Metrics, SendError};

/// Executions that may wait to be told of.
const WAITING: usize = 8192;
/// Spans of one request, unless one execution has more.
const BATCH_SPANS: usize = 512;
/// How long a batch may grow.
const GROWS: Duration = Duration::from_secs(1);
/// Events that are read at once.
const PAGE_EVENTS: i64 = 500;
/// An execution with more events is not told of.
const MOST_EVENTS: i32 = 20_000;
/// How often a batch is sent before it is dropped.
const ATTEMPTS: u32 = 5;

/// An execution that has ended.
#[derive(Debug, Clone, Copy)]
struct Ended {
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
}

/// Hears of ends, on the journal's thread.
pub struct TraceTap {
    next: Arc<dyn Observer>,
    ended: mpsc::Sender<Ended>,
    pending: watch::Sender<usize>,
    sampling: Sampling,
    metrics: Arc<Metrics>,
}

/// Tells a collector what the tap heard.
pub struct TraceExport {
    ended: mpsc::Receiver<Ended>,
    pending: watch::Sender<usize>,
    collector: Collector,
    database: Database,
    metrics: Arc<Metrics>,
    failing: bool,
}

/// Waits until everything is told.
#[derive(Debug, Clone)]
pub struct TracesPending(watch::Receiver<usize>);

impl TracesPending {
    /// Waits until everything is told, at most `patience`.
    pub async fn told(mut self, patience: Duration) {
        if timeout(patience, self.0.wait_for(|pending| *pending == 0)).await.is_err() {
            tracing::warn!(executions = *self.0.borrow(), "stopped before their traces were sent");
        }
    }
}

/// A tap before `next`, and the loop behind it.
pub fn traces(
    next: Arc<dyn Observer>,
    collector: Collector,
    database: Database,
    metrics: Arc<Metrics>,
) -> (TraceTap, TraceExport, TracesPending) {
    let (sender, ended) = mpsc::channel(WAITING);
    let (pending, seen) = watch::channel(0);
    let sampling = collector.sampling();
    let tap = TraceTap { next, ended: sender, pending: pending.clone(), sampling, metrics: Arc::clone(&metrics) };
    (tap, TraceExport { ended, pending, collector, database, metrics, failing: false }, TracesPending(seen))
}

impl Observer for TraceTap {
    fn committed(&self, committed: Vec<Committed>) {
        for one in &committed {
            if ends(&one.events) && self.may_be_collected(one) {
                let ended = Ended { workspace_id: one.workspace_id, execution_id: one.execution_id };
                self.pending.send_modify(|pending| *pending += 1);
                if self.ended.try_send(ended).is_err() {
                    self.pending.send_modify(|pending| *pending -= 1);
                    self.metrics.traces_exported(0, 1);
                }
            }
        }
        self.next.committed(committed);
    }
}

impl TraceTap {
    /// False when it is known already that nobody wants its trace.
    fn may_be_collected(&self, one: &Committed) -> bool {
        match one.events.first().map(|event| &event.body) {
            Some(EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) }) => {
                self.sampling.collects(one.execution_id, Some(origin))
            }
            _ => true,
        }
    }
}

fn ends(events: &[Event]) -> bool {
    events.last().is_some_and(|event| matches!(event.body, EventBody::ExecutionCompleted { .. }))
}

impl TraceExport {
    /// Sends traces for as long as there may be more.
    pub async fn run(mut self) {
        while let Some(first) = self.ended.recv().await {
            let (mut executions, mut batch) = (1, Vec::new());
            self.collect(first, &mut batch).await;
            let until = Instant::now() + GROWS;
            while batch.len() < BATCH_SPANS {
                let Ok(Some(next)) = timeout_at(until, self.ended.recv()).await else { break };
                executions += 1;
                self.collect(next, &mut batch).await;
            }
            self.send(&batch).await;
            self.pending.send_modify(|pending| *pending -= executions);
        }
    }

    async fn collect(&mut self, ended: Ended, batch: &mut Vec<Span>) {
        match self.events(ended).await {
            Ok(events) if !ends(&events) => self.metrics.traces_exported(0, 1),
            Ok(events) => {
                batch.extend(spans(ended.workspace_id, &events, self.collector.sampling()).into_iter().flatten());
            }
            Err(error) => {
                self.metrics.traces_exported(0, 1);
                tracing::debug!(error = &error as &dyn std::error::Error, execution_id = %ended.execution_id, "no trace: its events can't be read");
            }
        }
    }

    /// Its events, without what steps were given and gave: a trace doesn't show it.
    async fn events(&self, Ended { workspace_id, execution_id }: Ended) -> Result<Vec<Event>, crate::store::Error> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.seq);
            let read =
                move |connection: &mut _| Ok(feed::events_of(connection, workspace_id.0, execution_id.0, after, PAGE_EVENTS)?);
            let page = self.database.engine(read).await?;
            let whole = i64::try_from(page.len()).unwrap_or(i64::MAX) < PAGE_EVENTS;
            for row in page {
                // One that can't be read is missing in the trace.
                if let Ok(event) = journal::decode(execution_id, row.seq, row.at, &row.event_type, &row.data) {
                    events.push(bare(event));
                }
            }
            if whole || events.last().is_none_or(|event| event.seq <= after || event.seq > MOST_EVENTS) {
                return Ok(events);
            }
        }
    }

    async fn send(&mut self, batch: &[Span]) {
        let traces =
            batch.iter().filter(|span| span.attributes.iter().any(|(key, _)| *key == "tidemill.execution.id")).count() as u64;
        if traces == 0 {
            return;
        }
        let mut pause = Duration::from_millis(500);
        for attempt in 1..=ATTEMPTS {
            match self.collector.send_spans(batch).await {
                Ok(()) => {
                    self.metrics.traces_exported(traces, 0);
                    if std::mem::take(&mut self.failing) {
                        tracing::info!("the collector takes traces again");
                    }
                    return;
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        tracing::warn!(%error, "traces can't be sent to the collector of `otlp_endpoint`; what it does not take is dropped and counted");
                    }
                    if attempt == ATTEMPTS || matches!(error, SendError::Never(_)) {
                        break;
                    }
                    sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        self.metrics.traces_exported(0, traces);
    }
}

/// The event without inputs, outputs and logs.
fn bare(mut event: Event) -> Event {
    match &mut event.body {
        EventBody::ExecutionQueued(origin) | EventBody::ExecutionStarted { origin: Some(origin) } => {
            origin.input = Json::default();
        }
        EventBody::StepStarted { input, .. } => *input = None,
        EventBody::StepCompleted { output, .. } => *output = Json::default(),
        EventBody::StepLogged { log, .. } => *log = "".into(),
        EventBody::ExecutionCompleted { output, .. } => *output = None,
        _ => {}
    }
    event
}

/// Reports the metrics, again and again.
pub async fn report_metrics(collector: Collector, metrics: Arc<Metrics>, clock: Arc<dyn Clock>) {
    let mut failing = false;
    loop {
        sleep(collector.metrics_every()).await;
        match collector.send_metrics(&metrics.render(), clock.now()).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "metrics can't be sent to the collector of `otlp_endpoint`; the next report says the same and more");
                }
            }
        }
    }
}
