//! A server of this very binary in a directory of its own.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Error;
use super::connection::{Connection, Request};
use super::target::address_of;
use crate::postgres;
use crate::secrets::KEY_FILE;

/// A first start makes a database; on a loaded machine that takes its time.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a drain may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How much nicer the server is than the load (`nice(2)`).
const BELOW: i32 = 5;

const POLL: Duration = Duration::from_millis(10);

/// Tells the directories of one process apart.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A server in a directory of its own; both go when this is dropped.
#[derive(Debug)]
pub(super) struct Temporary {
    child: Child,
    dir: PathBuf,
}

impl Temporary {
    /// A server with a Postgres of its own, once it takes work; and its address.
    pub(super) async fn start(postgres_bin: Option<&Path>) -> Result<(Self, String), Error> {
        let dir = new_directory()?;
        let mut arguments: Vec<OsString> = Vec::new();
        if let Some(postgres_bin) = postgres_bin {
            arguments.extend(["--postgres-bin".into(), postgres_bin.into()]);
        }
        Self::spawn(dir, &arguments).await
    }

    /// Another server on the same Postgres.
    pub(super) async fn second(&self) -> Result<(Self, String), Error> {
        let dir = new_directory()?;
        let (key, copy) = (self.dir.join(KEY_FILE), dir.join(KEY_FILE));
        fs::copy(&key, &copy).map_err(Error::io("copy", &key))?;
        let arguments = ["--database-url".into(), self.postgres_url()?.into()];
        Self::spawn(dir, &arguments).await
    }

    /// The token of its first administrator.
    pub(super) fn token(&self) -> Result<String, Error> {
        let path = self.dir.join("admin-token");
        Ok(fs::read_to_string(&path).map_err(Error::io("read", &path))?.trim().to_owned())
    }

    /// Its Postgres.
    pub(super) fn postgres_url(&self) -> Result<String, Error> {
        Ok(postgres::url_in(&self.dir)?)
    }

    /// What its Postgres says.
    pub(super) fn postgres_log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    async fn spawn(dir: PathBuf, arguments: &[OsString]) -> Result<(Self, String), Error> {
        let log_path = dir.join("server.log");
        let log = File::create(&log_path).map_err(Error::io("make", &log_path))?;
        let copy = log.try_clone().map_err(Error::io("open", &log_path))?;
        let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&dir).args(arguments);
        let command = command.env_remove("TIDEMILL_DATABASE_URL").stdin(Stdio::null());
        let command = command.stdout(Stdio::from(log)).stderr(Stdio::from(copy));
        let child = spawn_below(command).map_err(Error::io("execute", &program))?;
        let mut server = Self { child, dir };
        let address = server.ready().await?;
        Ok((server, address))
    }

    /// Waits until the server takes work; its address.
    async fn ready(&mut self) -> Result<String, Error> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Some(address) = self.announced()
                && is_ready(&address).await
            {
                return Ok(address);
            }
            if !matches!(self.child.try_wait(), Ok(None)) || Instant::now() > deadline {
                let log = fs::read_to_string(self.dir.join("server.log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                return Err(Error::NotReady(lines[lines.len().saturating_sub(10)..].join("\n")));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn announced(&self) -> Option<String> {
        let said: Value = serde_json::from_str(&fs::read_to_string(self.dir.join("server.json")).ok()?).ok()?;
        address_of(said["url"].as_str()?).ok()
    }

    fn stop(&mut self) {
        if let Err(error) = kill_process(Pid::from_child(&self.child), Signal::TERM) {
            tracing::debug!(%error, "the temporary server has ended already");
        }
        let deadline = Instant::now() + STOP_PATIENCE;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                tracing::warn!("the temporary server does not stop, killing it");
                if let Err(error) = self.child.kill() {
                    tracing::warn!(%error, "it can't be killed");
                    return;
                }
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = postgres::stop_orphans(&self.dir) {
            tracing::warn!(%error, "the temporary Postgres was not stopped");
        }
        if let Err(error) = fs::remove_dir_all(&self.dir) {
            tracing::warn!(%error, dir = %self.dir.display(), "the temporary directory was not removed");
        }
    }
}

/// Starts the server with less of a claim to the processors than the load has: a load that comes late on the same machine would
/// measure itself. On Linux niceness is that of a thread, and what the thread starts inherits it.
fn spawn_below(command: &mut Command) -> std::io::Result<Child> {
    let spawn = || {
        rustix::process::nice(BELOW)?;
        command.spawn()
    };
    let spawned = std::thread::scope(|scope| scope.spawn(spawn).join());
    spawned.unwrap_or_else(|stopped| std::panic::resume_unwind(stopped))
}

fn new_directory() -> Result<PathBuf, Error> {
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("tidemill-bench-{}-{number}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&dir).map_err(Error::io("make", &dir))?;
    Ok(dir)
}

async fn is_ready(address: &str) -> bool {
    let request = Request::new(address, ("GET", "/readyz"), "", b"");
    match Connection::open(address).await {
        Ok(mut connection) => connection.send(&request).await.is_ok_and(|answer| answer.status == 200),
        Err(_) => false,
    }
}
