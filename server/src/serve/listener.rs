//! The HTTP side of a running server.

use std::sync::Arc;
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::{Acceptor, Listener, TcpAcceptor, TcpListener};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::engine::{Commands, Engine};
use super::{Error, Stop, files};
use crate::api::{self, ApiDeps, Hooks, Streams};
use crate::app::{Accounts, Activated, Executions, Health, Idempotency, Secrets, Tokens, Workflows, Workspaces};
use crate::auth::Authenticator;
use crate::config::ServeConfig;

/// How long open requests get to end when the server stops.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until told to stop, then lets open requests end.
pub(super) async fn serve(config: &ServeConfig, engine: &Engine, stop: &mut Stop) -> Result<(), Error> {
    let failed = |source| Error::Listen { address: config.listen, source };
    let acceptor = TcpListener::bind(config.listen).into_acceptor().await.map_err(failed)?;
    let address = acceptor.local_addr().first().and_then(|local| local.as_socket_addr().copied()).unwrap_or(config.listen);
    let url = config
        .public_url
        .as_ref()
        .map_or_else(|| format!("http://{address}"), |url| url.as_str().trim_end_matches('/').to_owned());
    files::announce(&config.data_dir, &format!("http://{address}"))?;
    tracing::info!(%address, %url, "ready");
    let stopping = async {
        stop.requested().await;
        engine.begin_drain();
    };
    poem::Server::new_with_acceptor(Prompt(acceptor))
        .run_with_graceful_shutdown(api::routes(deps(config, engine)), stopping, Some(GRACE))
        .await
        .map_err(Error::Http)
}

fn deps(config: &ServeConfig, engine: &Engine) -> ApiDeps {
    let Engine {
        database,
        schema,
        draining,
        clock,
        vault,
        metrics,
        versions,
        hub,
        routes,
        webhooks,
        manual,
        schedules_changed,
        ..
    } = engine;
    let commands = Arc::new(Commands { manual: manual.clone(), versions: versions.clone() });
    let (routes, schedules_changed) = (routes.clone(), Arc::clone(schedules_changed));
    let activated: Activated = Arc::new(move || {
        routes.forget();
        schedules_changed.notify_one();
    });
    let authenticator = Authenticator::new(database.clone(), Arc::clone(clock));
    let shown = Arc::clone(metrics);
    ApiDeps {
        idempotency: Idempotency::new(database.clone(), Arc::clone(clock)),
        accounts: Accounts::new(database.clone()),
        workspaces: Workspaces::new(database.clone(), Arc::clone(clock)),
        tokens: Tokens::new(database.clone(), authenticator.clone(), Arc::clone(clock)),
        secrets: Secrets::new(database.clone(), Arc::clone(vault), Arc::clone(clock)),
        workflows: Workflows::new(database.clone(), versions.plans().clone(), Arc::clone(clock), activated),
        executions: Executions::new(database.clone(), versions.plans().clone(), commands),
        health: Health::new(database.clone(), schema.clone(), Arc::clone(draining)),
        metrics: Arc::new(move || shown.render()),
        hooks: Hooks {
            webhooks: webhooks.clone(),
            room: Arc::new(Semaphore::new(config.max_inflight_webhooks)),
            metrics: Arc::clone(metrics),
        },
        streams: Streams { hub: hub.clone(), clock: Arc::clone(clock), metrics: Arc::clone(metrics) },
        authenticator,
    }
}

/// Accepts connections that send small answers at once (no Nagle): an answer is one write, and somebody waits for it.
struct Prompt(TcpAcceptor);

impl Acceptor for Prompt {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> std::io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await?;
        accepted.0.set_nodelay(true)?;
        Ok(accepted)
    }
}
