//! The cluster as the rest of the server sees it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::account::Account;
use super::binaries::{Binaries, Places};
use super::layout::Layout;
use super::postmaster::Postmaster;
use super::{DataDirLock, Error, create, leftovers, settings};

/// How often [`Cluster::watch`] looks whether Postgres still runs. One system call.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// What it takes to open a cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterOptions {
    /// The server's data directory; made where it is missing.
    pub data_dir: PathBuf,
    /// The directory of `postgres` and `initdb` that the operator chose.
    pub bin_dir: Option<PathBuf>,
    /// Where the Postgres that this binary carries is unpacked; with `None` it is not used.
    pub assets: Option<PathBuf>,
    /// The directories of `PATH`, searched after that one and `<prefix>/lib/tidemill/postgres/bin` and before the system's usual places.
    pub search_path: Vec<PathBuf>,
}

/// A running cluster. Dropping it stops Postgres.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    account: Account,
    binaries: Binaries,
    url: String,
    /// `None` once stopped for good.
    postmaster: Mutex<Option<Postmaster>>,
    _lock: DataDirLock,
}

/// Where the Postgres is that [`Cluster::open`] would take, and its major version, in words.
///
/// # Errors
/// Every [`Error`] that finding it can give.
pub fn find_binaries(options: &ClusterOptions) -> Result<String, Error> {
    let layout = Layout::new(&options.data_dir);
    let account = Account::choose(&layout.home)?;
    let found = Binaries::find(&Places::of(options), &account, create::version_of(&layout.cluster)?, &layout.cluster)?;
    if options.assets.as_ref().is_some_and(|assets| found.dir().starts_with(assets)) {
        return Ok(format!("{} of this binary", found.major()));
    }
    Ok(format!("{} of {}", found.major(), found.dir().display()))
}

impl Cluster {
    /// Takes the data directory, makes the cluster if there is none, and starts Postgres. Blocks until it takes connections.
    ///
    /// # Errors
    /// Every [`Error`]; the messages say what to do.
    pub fn open(options: &ClusterOptions) -> Result<Self, Error> {
        let lock = DataDirLock::acquire(&options.data_dir)?;
        let data_dir = fs::canonicalize(&options.data_dir).map_err(Error::io("find", &options.data_dir))?;
        let layout = Layout::new(&data_dir);
        let account = Account::choose(&layout.home)?;
        account.open_passage(&data_dir)?;
        if let Some(blocked) = account.blocked_at(&data_dir) {
            return Err(Error::Unreachable { user: account.name(), blocked });
        }
        layout.prepare(&account)?;
        let wanted = create::version_of(&layout.cluster)?;
        let binaries = Binaries::find(&Places::of(options), &account, wanted, &layout.cluster)?;
        if wanted.is_none() {
            create::create(&layout, &account, &binaries)?;
        }
        settings::write(&layout)?;
        let url = layout.url(create::DATABASE);
        let cluster = Self { layout, account, binaries, url, postmaster: Mutex::default(), _lock: lock };
        *cluster.postmaster() = Some(cluster.start()?);
        Ok(cluster)
    }

    /// The libpq URL of the database `tidemill`, as its superuser. Reaching the socket takes the account's or root's rights.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The major version of Postgres.
    pub fn version(&self) -> u32 {
        self.binaries.major()
    }

    /// The postmaster's process, unless it was stopped.
    pub fn pid(&self) -> Option<u32> {
        self.postmaster().as_ref().map(Postmaster::pid)
    }

    /// Starts Postgres again if it ended by itself, and says whether it had to. Blocks, for as long as recovery takes.
    ///
    /// # Errors
    /// [`Error::Start`] and its kin; calling again tries again. After [`Self::stop`] nothing is started.
    pub fn ensure_running(&self) -> Result<bool, Error> {
        let mut postmaster = self.postmaster();
        let Some(status) = postmaster.as_mut().and_then(Postmaster::ended) else { return Ok(false) };
        tracing::error!(%status, "Postgres ended by itself, starting it again");
        *postmaster = Some(self.start()?);
        Ok(true)
    }

    /// Keeps Postgres running until the task is dropped or the cluster stopped. Failed starts are tried again, ever slower.
    pub async fn watch(self: Arc<Self>) {
        let mut failures = 0_u32;
        loop {
            tokio::time::sleep(WATCH_INTERVAL * 2_u32.pow(failures.min(6))).await;
            let cluster = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || cluster.ensure_running()).await {
                Ok(Ok(_)) => failures = 0,
                Ok(Err(error)) => {
                    failures += 1;
                    tracing::error!(%error, failures, "Postgres does not start");
                }
                Err(stopped) => {
                    tracing::debug!(%stopped, "no longer watching Postgres");
                    return;
                }
            }
        }
    }

    /// Stops Postgres cleanly: connections are cut, everything is written. Doing it twice does nothing more.
    ///
    /// # Errors
    /// [`Error::Stop`] when its processes do not end, which only a broken disk can cause.
    pub fn stop(&self) -> Result<(), Error> {
        let Some(postmaster) = self.postmaster().take() else { return Ok(()) };
        postmaster.stop()?;
        self.layout.clean_up()
    }

    /// Forgets Postgres and lets go of the data directory, as the kernel does when this process is killed.
    #[cfg(test)]
    pub(super) fn abandon(self) -> Option<Postmaster> {
        self.postmaster().take()
    }

    fn start(&self) -> Result<Postmaster, Error> {
        let begin = Instant::now();
        leftovers::clear(&self.layout)?;
        let postmaster = Postmaster::start(&self.layout, &self.account, &self.binaries)?;
        let (pid, version) = (postmaster.pid(), self.binaries.major());
        tracing::info!(
            pid,
            version,
            elapsed_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
            "Postgres is ready"
        );
        Ok(postmaster)
    }

    /// A panic while the lock was held leaves a postmaster or none, both fine: poisoning tells us nothing.
    fn postmaster(&self) -> MutexGuard<'_, Option<Postmaster>> {
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The URL of the cluster that runs in `data_dir`, for another process of the same user or root.
///
/// # Errors
/// [`Error::Io`] when there is no such directory.
pub fn url_in(data_dir: &Path) -> Result<String, Error> {
    let data_dir = fs::canonicalize(data_dir).map_err(Error::io("find", data_dir))?;
    Ok(Layout::new(&data_dir).url(create::DATABASE))
}

/// The postmaster that runs in `data_dir`, as its pid file says; for those who put the server to the test.
pub fn postmaster_in(data_dir: &Path) -> Option<u32> {
    let data_dir = fs::canonicalize(data_dir).ok()?;
    leftovers::postmaster_pid(&Layout::new(&data_dir).cluster)
}

/// Stops the Postgres of `data_dir` that outlived its server, without starting another: for those who clear a directory away.
///
/// # Errors
/// [`Error::InUse`] while a server runs there, [`Error::Stop`] when its processes do not end.
pub fn stop_orphans(data_dir: &Path) -> Result<(), Error> {
    let _lock = DataDirLock::acquire(data_dir)?;
    let data_dir = fs::canonicalize(data_dir).map_err(Error::io("find", data_dir))?;
    let layout = Layout::new(&data_dir);
    leftovers::clear(&layout)?;
    layout.clean_up()
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "Postgres was not stopped");
        }
    }
}
