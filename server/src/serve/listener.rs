//! The HTTP side of a running server.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::engine::Engine;
use super::{Error, Stop};
use crate::api::{ApiDeps, Hooks, Listener, LiveDeps, Streams};
use crate::app::{
    AuditLog, BulkOrders, Code, Credentials, DeadLetters, Health, Idempotency, Nodes, People, PeopleParts, Plans, Quotas,
    Schedules, SecretChanged, Secrets, Subscriptions, Tokens, Triggers,
};
use crate::auth::Authenticator;
use crate::config::{Role, ServeConfig};
use crate::secrets::{AccountKey, SecretError};

/// How long open requests get to end when the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until told to stop, then lets open requests end; over TLS when there is `tls`.
pub(super) async fn serve(
    config: &ServeConfig,
    engine: &Engine,
    tls: Option<Arc<ServerConfig>>,
    stop: &mut Stop,
) -> Result<(), Error> {
    let failed = |source| Error::Listen { address: config.listen, source };
    let listener = Listener::bind(config.listen).await.map_err(failed)?;
    let address = listener.address();
    let own = if tls.is_some() { format!("https://{address}") } else { format!("http://{address}") };
    engine.live.listens(own, config)?;
    tracing::info!(%address, tls = tls.is_some(), url = %engine.live.url.get(), "ready");
    let stopping = async {
        stop.requested().await;
        engine.begin_drain();
    };
    let key = AccountKey::open_or_create(&config.data_dir).map_err(SecretError::from)?;
    let live = config.roles.contains(&Role::Api).then(|| live(engine));
    let listener = match tls {
        Some(tls) => listener.with_tls(tls),
        None => listener,
    };
    listener.serve(deps(engine, key), live, stopping, GRACE).await.map_err(Error::Http)
}

fn deps(engine: &Engine, key: AccountKey) -> ApiDeps {
    let url = engine.live.url.clone();
    let Engine { database, schema, draining, clock, keeper, metrics, versions, code, .. } = engine;
    let Engine { executions, replay_ordered, bulk_ordered, workflows, activated, billing_subscriptions, .. } = engine;
    let told = Arc::clone(&engine.subscriptions_changed);
    let secret_routes = engine.routes.clone();
    let secret_changed: SecretChanged = Arc::new(move || secret_routes.forget());
    let authenticator = Authenticator::new(database.clone(), Arc::clone(clock));
    let parts = PeopleParts { authenticator: authenticator.clone(), key, activated: Arc::clone(activated), url: url.clone() };
    ApiDeps {
        idempotency: Idempotency::new(database.clone(), Arc::clone(clock)),
        people: People::new(database.clone(), Arc::clone(clock), parts),
        audit: AuditLog::new(database.clone()),
        tokens: Tokens::new(database.clone(), authenticator.clone(), Arc::clone(clock)),
        secrets: Secrets::new(database.clone(), keeper.clone(), Arc::clone(clock), secret_changed),
        credentials: Credentials::new(database.clone(), keeper.clone(), Arc::clone(clock)),
        subscriptions: Subscriptions::new(database.clone(), keeper.clone(), Arc::clone(clock), told),
        plans: Plans::new(database.clone(), Arc::clone(clock)),
        quotas: Quotas::new(database.clone()),
        billing_subscriptions: billing_subscriptions.clone(),
        url,
        workflows: workflows.clone(),
        triggers: Triggers::new(database.clone(), versions.plans().clone(), Arc::clone(clock)),
        schedules: Schedules::new(Arc::clone(clock)),
        code: Code::new(database.clone(), code.clone()),
        executions: executions.clone(),
        bulk: BulkOrders::new(executions.clone(), Arc::clone(bulk_ordered)),
        dead_letters: DeadLetters::new(database.clone(), Arc::clone(clock), Arc::clone(replay_ordered)),
        nodes: Nodes::new(database.clone()),
        health: Health::new(database.clone(), schema.clone(), Arc::clone(draining), code.clone()),
        metrics: Arc::clone(metrics),
        authenticator,
    }
}

fn live(engine: &Engine) -> LiveDeps {
    let Engine { clock, metrics, hub, webhooks, resumes, budget, live, .. } = engine;
    LiveDeps {
        resumes: resumes.clone(),
        hooks: Hooks {
            webhooks: webhooks.clone(),
            room: live.deliveries.clone(),
            budget: budget.clone(),
            payload_limits: live.payload_limits.clone(),
            metrics: Arc::clone(metrics),
        },
        streams: Streams { hub: hub.clone(), clock: Arc::clone(clock), metrics: Arc::clone(metrics) },
    }
}
