//! What the engine stands on: this node and its beat, keys, the journal and the hub, and the ways out.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use tidemill_common::clock::{Clock, SystemClock};
use tidemill_common::ids::NodeId;
use tokio::sync::watch;
use url::Url;

use super::collector::Exports;
use super::engine::code_options;
use super::{Certificate, Error, files};
use crate::assets;
use crate::budget::Budget;
use crate::config::{ServeConfig, Tls};
use crate::executor::Versions;
use crate::hub::Hub;
use crate::journal::Journal;
use crate::queue::{Load, Node, Pulse, Queue};
use crate::runner::code::{CodeOptions, CodeRunner};
use crate::runner::outbound::{Outbound, OutboundPolicy};
use crate::secrets::{Keeper, server_key};
use crate::store::Database;
use crate::telemetry::Metrics;

/// What the engine stands on.
pub(super) struct Ground {
    pub(super) node: Node,
    pub(super) pulse: watch::Sender<Pulse>,
    pub(super) keeper: Keeper,
    pub(super) metrics: Arc<Metrics>,
    pub(super) queue: Queue,
    pub(super) hub: Hub,
    pub(super) journal: Journal,
    pub(super) versions: Versions,
    pub(super) code: CodeRunner,
    pub(super) budget: Budget,
    pub(super) outbound: Outbound,
    pub(super) exports: Option<Exports>,
}

impl Ground {
    /// Makes this node known, with what it did before it was started again given up, and opens the journal.
    pub(super) async fn lay(config: &ServeConfig, database: &Database, clock: &Arc<dyn Clock>) -> Result<Self, Error> {
        let id = NodeId::new(clock.now());
        let vault = Arc::new(server_key::open(&config.data_dir, database, clock.now()).await?);
        let keeper = Keeper::new(database.clone(), vault);
        let metrics = Arc::new(Metrics::new());
        let queue = Queue::new(database.clone(), id);
        if let Some(before) = files::succeed(&config.data_dir, id)? {
            queue.bury(before).await?;
        }
        let node = node_of(config);
        let pulse = watch::Sender::new(queue.beat(&node, Load::default()).await?);
        let hub = Hub::new(database.clone());
        let budget = Budget::new(config.payload_memory);
        let seen = (database, &metrics);
        let (observer, exports) = Exports::tap(config, Arc::new(hub.clone()), (id, &budget), seen, &**clock)?;
        let journal =
            Journal::start(config.journal_writers, id, database, clock, &observer, &metrics).map_err(Error::Thread)?;
        let versions = Versions::new(database.clone(), keeper.clone());
        let code = CodeOptions { metrics: metrics.code(), ..code_options(config, python_home(config).await?) };
        let code = CodeRunner::start(code);
        let outbound = Outbound::new(outbound_policy(config, &budget)?)?;
        Ok(Self { node, pulse, keeper, metrics, queue, hub, journal, versions, code, budget, outbound, exports })
    }
}

/// Where the standard library of the Python in this binary is.
async fn python_home(config: &ServeConfig) -> Result<Option<PathBuf>, Error> {
    let place = assets::place_in(&config.data_dir);
    Ok(tokio::task::spawn_blocking(move || assets::python_home(&place)).await.map_err(Error::Stopped)??)
}

/// What this node says of itself.
fn node_of(config: &ServeConfig) -> Node {
    Node { name: config.node_name.clone(), roles: config.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(",") }
}

/// A client for what the operator named: it may stand inside.
pub(super) fn outbound_of_operator(config: &ServeConfig, budget: &Budget) -> Result<Outbound, Error> {
    let everywhere = ["0.0.0.0/0", "::/0"].map(|net| net.parse().expect("it is a network"));
    let policy = OutboundPolicy { allow: everywhere.into(), own: None, ..outbound_policy(config, budget)? };
    Ok(Outbound::new(policy)?)
}

/// What the operator decides about outbound requests.
pub(super) fn outbound_policy(config: &ServeConfig, budget: &Budget) -> Result<OutboundPolicy, Error> {
    Ok(OutboundPolicy {
        allow: config.outbound_allow.clone(),
        per_host: config.outbound_per_host,
        proxy: config.outbound_proxy.clone(),
        authorities: authorities(config)?,
        own: config.public_url.as_ref().map(Url::origin),
        budget: budget.clone(),
        ..OutboundPolicy::default()
    })
}

/// The certificate authorities that workflows trust besides the machine's.
fn authorities(config: &ServeConfig) -> Result<Vec<CertificateDer<'static>>, Error> {
    let Some(path) = &config.outbound_ca else { return Ok(Vec::new()) };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.and_then(|found| if found.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(found) });
    found.map_err(|source| Error::Authorities { path: path.clone(), source })
}

/// What is wrong with the files that the configuration names.
#[must_use]
pub fn check_files(config: &ServeConfig) -> Vec<Error> {
    let mut wrong: Vec<Error> = authorities(config).err().into_iter().collect();
    if let Some(Tls::Files(files)) = &config.tls {
        wrong.extend(Certificate::read(files, SystemClock.now()).err().map(Error::from));
    }
    wrong
}
