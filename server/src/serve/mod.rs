//! The composition root: puts the rooms together to a running server, and takes it apart again.
//!
//! Start at [`run`]: open the database, build the engine, serve, drain, stop. On SIGHUP, [`reload`].

mod acme;
mod certificate;
mod collector;
mod engine;
mod error;
mod files;
mod ground;
mod listener;
mod live;
mod reload;

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::OptionFuture;
use tidemill_common::clock::{Clock, SystemClock};
use tokio::signal::unix::{SignalKind, signal};

use acme::Acme;
pub use acme::kept_files;
pub use certificate::{Certificate, CertificateError};
pub use error::Error;

use crate::app::bootstrap::{FirstNames, bootstrap};
use crate::assets;
use crate::backup::is_unfinished;
use crate::config::{Loaded, ServeArgs, ServeConfig, Tls};
use crate::postgres::{Cluster, ClusterOptions};
use crate::store::{Database, PoolSizes, Release, SchemaVersion, migrate_as};
use crate::telemetry::LogLevel;
use engine::Engine;
pub(crate) use engine::code_options;
pub use ground::check_files;
use reload::{Reload, Running};

/// How long executions get to come to a rest when the server stops.
const DRAIN: Duration = Duration::from_secs(25);

/// Runs a server until SIGTERM or SIGINT, then drains it. On SIGHUP `args` and what they name are read again.
pub async fn run(loaded: Loaded, args: ServeArgs, level: LogLevel) -> Result<(), Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut stop = Stop::listen()?;
    let config = loaded.config.clone();
    let reload = Reload::listen(loaded, args, level)?;
    let certificate = certificate_of(&config, &*clock)?;
    if is_unfinished(&config.data_dir) {
        return Err(Error::Unfinished(config.data_dir));
    }
    files::prepare(&config.data_dir)?;
    let cluster = open_cluster(&config).await?;
    let url = match (&cluster, &config.database_url) {
        (Some(cluster), _) => cluster.url().to_owned(),
        (None, Some(url)) => url.expose().to_owned(),
        (None, None) => return Err(Error::NoDatabase),
    };
    let watched = cluster.clone().map(|cluster| tokio::spawn(cluster.watch()));
    let start = Start { config: &config, url: &url, clock, certificate };
    let outcome = Box::pin(serve(start, reload, &mut stop)).await;
    if let Some(watch) = watched {
        watch.abort();
    }
    if let Some(cluster) = cluster {
        tokio::task::spawn_blocking(move || cluster.stop()).await.map_err(Error::Stopped)??;
    }
    outcome
}

/// What a server starts with.
struct Start<'a> {
    config: &'a ServeConfig,
    url: &'a str,
    clock: Arc<dyn Clock>,
    certificate: Option<Arc<Certificate>>,
}

async fn serve(start: Start<'_>, reload: Reload, stop: &mut Stop) -> Result<(), Error> {
    let Start { config, url, clock, certificate } = start;
    let (database, schema) = open_database(config, url).await?;
    if let Some(token) = bootstrap(&database, &*clock, FirstNames::default()).await? {
        files::keep_token(&config.data_dir, token.reveal())?;
        say_token(&files::token_path(&config.data_dir), token.reveal());
    }
    let engine = Engine::start(config, database, schema, Arc::clone(&clock)).await?;
    let tls = certificate.as_ref().map(Certificate::acceptor);
    let (settings, metrics) = (&engine.live, engine.metrics.upkeep());
    let ordering = ordering(config, &engine, certificate.clone(), Arc::clone(&clock))?;
    let running = Running { outbound: &engine.outbound, settings, certificate, metrics, clock };
    let served = tokio::select! {
        served = listener::serve(config, &engine, tls, stop) => served,
        () = reload.watch(running) => Ok(()),
        Some(()) = OptionFuture::from(ordering.map(Acme::keep_valid)) => Ok(()),
    };
    tracing::info!("stopping: no new work, {} s for what runs", DRAIN.as_secs());
    engine.stop(DRAIN).await;
    files::forget_address(&config.data_dir);
    served
}

/// What the listener shows at first.
fn certificate_of(config: &ServeConfig, clock: &dyn Clock) -> Result<Option<Arc<Certificate>>, Error> {
    let certificate = match &config.tls {
        None => return Ok(None),
        Some(Tls::Files(files)) => Certificate::read(files, clock.now())?,
        Some(Tls::Acme(options)) => Certificate::ordered(&acme::kept_files(&config.data_dir, options), options, clock.now())?,
    };
    Ok(Some(Arc::new(certificate)))
}

/// Who orders the certificate, when it is to be ordered.
fn ordering(
    config: &ServeConfig,
    engine: &Engine,
    certificate: Option<Arc<Certificate>>,
    clock: Arc<dyn Clock>,
) -> Result<Option<Acme>, Error> {
    let (Some(Tls::Acme(options)), Some(certificate)) = (&config.tls, certificate) else { return Ok(None) };
    let outbound = ground::outbound_of_operator(config, engine.outbound.budget())?;
    Ok(Some(Acme::new((&config.data_dir, options), certificate, outbound, clock)))
}

/// Tells the admin's token to whoever started the server at a terminal. What is not a terminal is a log, and logs have no secrets.
fn say_token(kept: &Path, token: &str) {
    let kept = kept.display();
    if std::io::stderr().is_terminal() {
        eprintln!("First start. This is the admin's API token; it is shown this once and kept in {kept}:\n\n    {token}\n");
    } else {
        eprintln!("First start. The admin's API token is in {kept}.");
    }
}

async fn open_cluster(config: &ServeConfig) -> Result<Option<Arc<Cluster>>, Error> {
    if config.database_url.is_some() {
        return Ok(None);
    }
    let options = ClusterOptions {
        data_dir: config.data_dir.clone(),
        bin_dir: config.postgres_bin.clone(),
        assets: Some(assets::place_in(&config.data_dir)),
        search_path: config.search_path.clone(),
    };
    let cluster = tokio::task::spawn_blocking(move || Cluster::open(&options)).await.map_err(Error::Stopped)??;
    Ok(Some(Arc::new(cluster)))
}

async fn open_database(config: &ServeConfig, url: &str) -> Result<(Database, SchemaVersion), Error> {
    let sizes = PoolSizes { app: config.api_connections, engine: config.executor_connections };
    let (url, release) = (url.to_owned(), Release(config.next_release.clone()));
    let opened = tokio::task::spawn_blocking(move || {
        let schema = migrate_as(&url, &release)?;
        Ok::<_, crate::store::Error>((Database::connect(&url, sizes)?, schema))
    });
    Ok(opened.await.map_err(Error::Stopped)??)
}

/// The signals that stop a server.
pub(crate) struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> Result<Self, Error> {
        let listen = |kind| signal(kind).map_err(Error::Signals);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Returns when the server was told to stop.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
