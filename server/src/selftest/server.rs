//! The server that is killed: this very program, with a Postgres of its own.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::wire::Wire;
use super::{CrashOptions, Error};
use crate::postgres;

/// A start after a crash replays the database's log; on a loaded machine that takes its time.
const START_PATIENCE: Duration = Duration::from_secs(120);

const POLL: Duration = Duration::from_millis(10);

/// Lines of the log that an error repeats.
const LOG_LINES: usize = 15;

/// A server in a directory of its own.
#[derive(Debug)]
pub(super) struct Server {
    dir: PathBuf,
    postgres_bin: Option<PathBuf>,
    child: Option<Child>,
    /// Whether the directory goes when this is dropped.
    temporary: bool,
}

impl Server {
    /// Makes the directory. Nothing runs yet.
    pub(super) fn new(options: &CrashOptions) -> Result<Self, Error> {
        let temporary = options.data_dir.is_none();
        let dir = options.data_dir.clone();
        let dir = dir.unwrap_or_else(|| std::env::temp_dir().join(format!("tidemill-selftest-{}", std::process::id())));
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(Error::io("make", &dir))?;
        if fs::read_dir(&dir).map_err(Error::io("read", &dir))?.next().is_some() {
            return Err(Error::NotEmpty(dir));
        }
        Ok(Self { dir, postgres_bin: options.postgres_bin.clone(), child: None, temporary })
    }

    /// Its directory.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The directory stays when this is dropped: somebody will want to look into it.
    pub(super) fn keep(&mut self) {
        self.temporary = false;
    }

    /// The administrator's token.
    pub(super) fn token(&self) -> Result<String, Error> {
        let path = self.dir.join("admin-token");
        Ok(fs::read_to_string(&path).map_err(Error::io("read", &path))?.trim().to_owned())
    }

    /// Starts the process. It is not ready yet.
    pub(super) fn spawn(&mut self) -> Result<(), Error> {
        let log_path = self.dir.join("server.log");
        let log = File::options().create(true).append(true).open(&log_path).map_err(Error::io("open", &log_path))?;
        let copy = log.try_clone().map_err(Error::io("open", &log_path))?;
        let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--outbound-allow", "127.0.0.1", "--data-dir"]).arg(&self.dir);
        if let Some(postgres_bin) = &self.postgres_bin {
            command.arg("--postgres-bin").arg(postgres_bin);
        }
        command.env_remove("TIDEMILL_DATABASE_URL").env_remove("TIDEMILL_CONFIG");
        let command = command.stdin(Stdio::null()).stdout(Stdio::from(log)).stderr(Stdio::from(copy));
        self.child = Some(command.spawn().map_err(Error::io("execute", &program))?);
        Ok(())
    }

    /// Waits until the server takes work; where it is. `when` completes an error: "did not become ready …".
    pub(super) async fn ready(&mut self, wire: &Wire, when: &str) -> Result<String, Error> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Some(url) = self.announced()
                && wire.is_ready(&url).await
            {
                return Ok(url);
            }
            if !self.runs() || Instant::now() > deadline {
                let log = fs::read_to_string(self.dir.join("server.log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                let log = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
                return Err(Error::NotReady { when: when.to_owned(), log });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// SIGKILL to the server.
    pub(super) fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        if let Err(error) = child.kill().and_then(|()| child.wait()) {
            tracing::warn!(%error, "the server can't be killed");
        }
    }

    /// A signal to the postmaster, if there is one at the moment.
    pub(super) fn strike_postmaster(&self, signal: Signal) {
        let pid = postgres::postmaster_in(&self.dir).and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(Err(error)) = pid.map(|pid| kill_process(pid, signal)) {
            tracing::debug!(%error, "the postmaster has ended already");
        }
    }

    fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The URL in `server.json`, when this process wrote it and not an earlier one.
    fn announced(&self) -> Option<String> {
        let said: Value = serde_json::from_str(&fs::read_to_string(self.dir.join("server.json")).ok()?).ok()?;
        let pid = u64::from(self.child.as_ref()?.id());
        said["url"].as_str().filter(|_| said["pid"].as_u64() == Some(pid)).map(str::to_owned)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if let Err(error) = postgres::stop_orphans(&self.dir) {
            tracing::warn!(%error, "the Postgres of the selftest was not stopped");
        }
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, dir = %self.dir.display(), "the temporary directory was not removed");
        }
    }
}
