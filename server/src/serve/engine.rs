//! The engine: journal, queue, executor, hub and what feeds them, built in the order in which facts and commands flow.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidemill_common::clock::Clock;
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Error;
use super::ground::Ground;
use super::live::LiveSettings;
use crate::admission::{Admission, Refusal};
use crate::app::engine::{Command, Engine as AppEngine, EngineError, Order, Start, Started};
use crate::app::{Activated, BillingSubscriptions, BulkRounds, Executions, Replays, SubscriptionRounds, Workflows};
use crate::background::{Background, TracesPending};
use crate::budget::Budget;
use crate::config::ServeConfig;
use crate::domain::execution::Answer;
use crate::executor::{Calls, CodeMeter, Desk, EndError, Executor, Failures, Parts, Versions};
use crate::hub::Hub;
use crate::ingress::schedule::Schedules;
use crate::ingress::{CallStarts, Conditions, Events, FailureStarts, Manual, Resumes, Routes, Webhooks};
use crate::journal::Delivery;
use crate::payments::Stripe;
use crate::queue::{AnswerTo, Posted, Queue, Request, Wish};
use crate::runner::Runner;
use crate::runner::code::{CodeOptions, CodeRunner, NodeOptions};
use crate::runner::outbound::Outbound;
use crate::secrets::{Keeper, Resume, SecretError};
use crate::store::{Database, SchemaVersion};
use crate::telemetry::Metrics;

/// How long the collector gets to hear the rest when the server stops.
const TELLING: Duration = Duration::from_secs(3);

/// Everything that outlives a request.
pub(super) struct Engine {
    pub(super) database: Database,
    pub(super) schema: SchemaVersion,
    pub(super) draining: Arc<AtomicBool>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keeper: Keeper,
    pub(super) metrics: Arc<Metrics>,
    pub(super) versions: Versions,
    pub(super) code: CodeRunner,
    pub(super) hub: Hub,
    pub(super) routes: Routes,
    pub(super) webhooks: Webhooks,
    pub(super) subscriptions_changed: Arc<Notify>,
    pub(super) replay_ordered: Arc<Notify>,
    pub(super) bulk_ordered: Arc<Notify>,
    pub(super) executions: Executions,
    pub(super) workflows: Workflows,
    pub(super) activated: Activated,
    pub(super) billing_subscriptions: BillingSubscriptions,
    pub(super) resumes: Resumes,
    pub(super) budget: Budget,
    pub(super) outbound: Outbound,
    pub(super) live: LiveSettings,
    executor: Executor,
    queue: Queue,
    background: JoinSet<()>,
    traces_pending: Option<TracesPending>,
}

impl Engine {
    #[expect(clippy::too_many_lines, reason = "the list of all parts, in the order in which they are made")]
    pub(super) async fn start(
        config: &ServeConfig,
        database: Database,
        schema: SchemaVersion,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let Ground { node, pulse, keeper, metrics, queue, hub, journal, versions, code, budget, outbound, exports } =
            Ground::lay(config, &database, &clock).await?;
        let stripe = config.stripe.clone().map(|options| Stripe::new(outbound.clone(), options));
        let runner = Runner::new(Arc::new(outbound.clone()), code.clone());
        let (failures, calls) = (Desk::<dyn Failures>::default(), Desk::<dyn Calls>::default());
        let live = LiveSettings::of(config);
        let resume = Resume::open(&config.data_dir, live.url.clone()).map_err(SecretError::from)?;
        let code_meter = CodeMeter::default();
        let parts = Parts {
            database: database.clone(),
            journal: journal.clone(),
            queue: queue.clone(),
            versions: versions.clone(),
            runner: runner.clone(),
            budget: budget.clone(),
            payload_limits: live.payload_limits.clone(),
            failures: failures.clone(),
            calls: calls.clone(),
            resume: resume.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            code_meter: code_meter.clone(),
            traces: config.otlp.as_ref().map(|options| options.sampling),
        };
        let executor = Executor::new(parts, live.executions.clone());
        let admission = Admission::new(journal, executor.clone(), database.clone(), Arc::clone(&clock), Arc::clone(&metrics));
        failures.open(Arc::new(FailureStarts::new(database.clone(), versions.clone(), admission.clone())));
        let routes = Routes::new(database.clone(), versions.clone());
        let [schedules_changed, conditions_changed, events_changed, subscriptions_changed]: [Arc<Notify>; 4] =
            Default::default();
        let [replay_ordered, bulk_ordered, calls_left]: [Arc<Notify>; 3] = Default::default();
        let (time, told) = (|| Arc::clone(&clock), Arc::clone(&subscriptions_changed));
        let manual = Manual::new(admission.clone(), executor.clone(), queue.clone(), Arc::clone(&clock));
        let starts = (admission.clone(), manual.clone());
        calls.open(Arc::new(CallStarts::new(database.clone(), versions.clone(), starts, Arc::clone(&calls_left))));
        let resumes = Resumes::new(resume.clone(), database.clone(), manual.clone());
        let commands = Arc::new(Commands { manual, versions: versions.clone() });
        let executions = Executions::new(database.clone(), versions.plans().clone(), commands, Arc::clone(&clock));
        let activated = activated(&routes, [&schedules_changed, &conditions_changed, &events_changed]);
        let workflows = Workflows::new(database.clone(), versions.clone(), time(), Arc::clone(&activated), code.clone());
        let billing_subscriptions = BillingSubscriptions::new(database.clone(), Arc::clone(&clock), workflows.clone(), stripe);
        let executions = executions.within(budget.clone());
        let background = Background {
            billing_subscriptions: billing_subscriptions.clone(),
            code_meter,
            node,
            roles: config.roles.clone(),
            pulse,
            retention: live.retention.clone(),
            data_dir: config.data_dir.clone(),
            metrics: Arc::clone(&metrics),
            executor: executor.clone(),
            queue: queue.clone(),
            schedules: Schedules::new(database.clone(), versions.clone(), admission.clone(), Arc::clone(&clock)),
            conditions: Conditions::new(database.clone(), versions.clone(), admission.clone(), runner.clone(), time()),
            subscriptions: SubscriptionRounds::new(database.clone(), keeper.clone(), runner, time(), told),
            events: Events::new(database.clone(), versions.clone(), admission.clone(), time(), Arc::clone(&conditions_changed)),
            hub: hub.clone(),
            bulk: BulkRounds::new(executions.clone(), Arc::clone(&bulk_ordered)),
            replays: Replays::new(database.clone(), executions.clone(), Arc::clone(&clock), Arc::clone(&replay_ordered)),
            database: database.clone(),
            clock: Arc::clone(&clock),
            schedules_changed: Arc::clone(&schedules_changed),
            calls_left,
            conditions_changed: Arc::clone(&conditions_changed),
            events_changed: Arc::clone(&events_changed),
        };
        crate::background::housekeeping_round(&background).await?;
        let mut loops = background.start();
        let traces_pending = exports.map(|exports| exports.start(&mut loops, &metrics, &clock));
        Ok(Self {
            webhooks: Webhooks::new(
                routes.clone(),
                admission.clone(),
                hub.clone(),
                Arc::clone(&clock),
                live.surroundings.clone(),
            ),
            live,
            background: loops,
            traces_pending,
            database,
            schema,
            draining: Arc::default(),
            clock,
            keeper,
            metrics,
            versions,
            code,
            hub,
            routes,
            subscriptions_changed,
            replay_ordered,
            bulk_ordered,
            executions,
            workflows,
            activated,
            billing_subscriptions,
            resumes,
            budget,
            outbound,
            executor,
            queue,
        })
    }

    /// From now on nothing begins.
    pub(super) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.executor.begin_drain();
    }

    /// Lets what runs come to a rest and gives the rest back, for other nodes or the next start.
    pub(super) async fn stop(mut self, patience: Duration) {
        let left = self.executor.drain(patience).await;
        if let Some(pending) = self.traces_pending.take() {
            pending.told(TELLING).await;
        }
        self.background.shutdown().await;
        match self.queue.leave(self.clock.now()).await {
            Ok(given_back) => tracing::info!(left, given_back, "stopped"),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "stopped without giving leases back; they expire by themselves"
                );
            }
        }
    }
}

/// What is to be done when triggers have changed.
fn activated(routes: &Routes, changed: [&Arc<Notify>; 3]) -> Activated {
    let (routes, changed) = (routes.clone(), changed.map(Arc::clone));
    Arc::new(move || {
        routes.forget();
        for changed in &changed {
            changed.notify_one();
        }
    })
}

/// How code steps are run by a server with this configuration and this home of Python.
pub(crate) fn code_options(config: &ServeConfig, python_home: Option<PathBuf>) -> CodeOptions {
    // By this name the program can still be started when its file was replaced by a newer one.
    let options = CodeOptions::new("/proc/self/exe".into());
    CodeOptions {
        minimum_level: config.code_level,
        limits: config.code_limits,
        node: config.code_node.clone().map(|binary| NodeOptions { binary, packages: config.code_node_packages.clone() }),
        concurrency: config.code_concurrency,
        python_home,
        ..options
    }
}

/// What the use cases may ask of the engine.
#[derive(Debug, Clone)]
pub(super) struct Commands {
    manual: Manual,
    versions: Versions,
}

impl AppEngine for Commands {
    fn start(&self, start: Start) -> BoxFuture<'_, Result<Started, EngineError>> {
        Box::pin(async move {
            let key = (start.workspace_id, start.workflow_uid, start.version);
            let plan = self.versions.plan(key).await.map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "a manual start found no executable version");
                EngineError::Unavailable
            })?;
            let delivery = start.dedupe.map(|(source, key)| Delivery { source, key });
            let start = crate::ingress::manual::Start {
                workspace_id: start.workspace_id,
                workflow_uid: start.workflow_uid,
                version: start.version,
                plan,
                trigger: start.trigger,
                input: start.input,
                delivery,
                retry: start.retry,
            };
            let (execution_id, duplicate) = self.manual.start(start).await.map_err(refused)?;
            Ok(Started { execution_id, duplicate })
        })
    }

    fn order(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        order: Order,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let Order { command, reason, by } = order;
            let wish = match command {
                Command::Cancel | Command::ForceCancel => Wish::Cancel,
                Command::Pause => Wish::Pause,
                Command::Resume => Wish::Resume,
            };
            let request = Request { wish, reason, by };
            let done = if command == Command::ForceCancel {
                self.manual.force_cancel(workspace_id, execution_id, request).await
            } else {
                self.manual.request(workspace_id, execution_id, request).await.map_err(EndError::from)
            };
            match done {
                Ok(true) => Ok(()),
                Ok(false) => Err(EngineError::Ended),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "an order about an execution can't be passed on");
                    Err(EngineError::Unavailable)
                }
            }
        })
    }

    fn answer(&self, to: AnswerTo, answer: Answer) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            match self.manual.answer(to, &answer).await.map_err(|error| unreachable(&error))? {
                Posted::Kept(_) => Ok(()),
                Posted::Ended => Err(EngineError::Ended),
                Posted::NotWaiting => Err(EngineError::Answered),
            }
        })
    }
}

fn unreachable(error: &crate::store::Error) -> EngineError {
    tracing::warn!(error = error as &dyn std::error::Error, "an answer to a step can't be kept");
    EngineError::Unavailable
}

fn refused(refusal: Refusal) -> EngineError {
    match refusal {
        Refusal::Draining => EngineError::Draining,
        Refusal::Overloaded => EngineError::Overloaded { retry_after: 1 },
        Refusal::Unavailable | Refusal::Rejected => EngineError::Unavailable,
        Refusal::QuotaExceeded(quota) => EngineError::QuotaExceeded(quota),
    }
}
