//! The postmaster as our child: start, wait until it is ready, stop.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::binaries::Binaries;
use super::create::tail;
use super::layout::Layout;
use super::leftovers::{POLL, postmaster_pid};
use super::{Error, settings};

/// Recovery after a crash reads at most about `max_wal_size`: minutes on a slow disk, hours never.
const START_PATIENCE: Duration = Duration::from_secs(600);

/// How long a fast and then an immediate shutdown may take.
const STOP_PATIENCE: [(Signal, Duration); 3] =
    [(Signal::INT, Duration::from_secs(60)), (Signal::QUIT, Duration::from_secs(10)), (Signal::KILL, Duration::from_secs(10))];

/// The log is put aside when it is larger than this at a start, in bytes.
const LOG_MAX: u64 = 10 << 20;

/// A running postmaster.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
}

impl Postmaster {
    /// Starts Postgres and returns when it takes connections.
    pub(super) fn start(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<Self, Error> {
        let log = open_log(&layout.log)?;
        let begin = log.metadata().map_err(Error::io("look at", &layout.log))?.len();
        let again = log.try_clone().map_err(Error::io("open", &layout.log))?;
        let program = binaries.postgres();
        let mut command = account.command(&program);
        command.arg("-D").arg(&layout.cluster).args(settings::arguments(layout));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(again))
            .spawn()
            .map_err(Error::io("execute", &program))?;
        let mut postmaster = Self { child };
        postmaster.wait_ready(layout, begin)?;
        Ok(postmaster)
    }

    /// The process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Fast shutdown: connections are cut, a checkpoint is written. Harder means follow when that takes too long.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        for (signal, patience) in STOP_PATIENCE {
            if self.ended().is_some() {
                return Ok(());
            }
            // The child is not reaped yet, hence its pid can't be someone else's.
            if let Err(error) = kill_process(Pid::from_child(&self.child), signal) {
                tracing::warn!(pid = self.pid(), %error, "can't signal Postgres");
            }
            let deadline = Instant::now() + patience;
            while self.ended().is_none() && Instant::now() < deadline {
                sleep(POLL);
            }
        }
        if self.ended().is_some() { Ok(()) } else { Err(Error::Stop { pids: vec![self.pid()] }) }
    }

    fn wait_ready(&mut self, layout: &Layout, log_begin: u64) -> Result<(), Error> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if self.ended().is_some() {
                let text = fs::read(&layout.log).unwrap_or_default();
                let said = text.get(usize::try_from(log_begin).unwrap_or_default()..).unwrap_or_default();
                return Err(Error::Start { log: layout.log.clone(), tail: tail(&String::from_utf8_lossy(said), 10) });
            }
            if postmaster_pid(&layout.cluster) == Some(self.pid()) && is_ready(&layout.cluster) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Error::StartTimeout { seconds: START_PATIENCE.as_secs(), log: layout.log.clone() });
            }
            sleep(POLL);
        }
    }
}

/// The eighth line of `postmaster.pid` says `ready` from the moment on that connections are taken; `pg_ctl` waits for it too.
fn is_ready(cluster: &Path) -> bool {
    fs::read_to_string(cluster.join("postmaster.pid"))
        .is_ok_and(|text| text.lines().nth(7).is_some_and(|status| status.trim() == "ready"))
}

fn open_log(path: &Path) -> Result<File, Error> {
    if fs::metadata(path).is_ok_and(|found| found.len() > LOG_MAX) {
        fs::rename(path, path.with_extension("log.1")).map_err(Error::io("put aside", path))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(Error::io("open", path))
}
