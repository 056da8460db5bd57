//! The server of the demonstration: a child process with a directory of its own.

use std::env;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::cli::{Error, target};
use crate::client::{Client, ClientConfig};

/// Longest wait until the server takes work.
const START: Duration = Duration::from_secs(90);
/// How often we look whether it does.
const LOOK: Duration = Duration::from_millis(20);
/// Longest wait for an orderly stop.
const STOP: Duration = Duration::from_secs(30);
/// Lines of the log that explain a failed start.
const LOG_LINES: usize = 12;
/// The one variable of ours that the child may see: it finds Postgres with it, and decides nothing else.
const KEPT_VARIABLE: &str = "TIDEMILL_POSTGRES_BIN";

/// A running `tidemill serve`.
#[derive(Debug)]
pub struct Server {
    child: Child,
    data_dir: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts the binary that we are, with `data_dir` for its data and `log` for what it says.
    pub fn spawn(data_dir: &Path, log: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(log);
        let file = file.map_err(|source| Error::File { path: log.into(), source })?;
        let program = env::current_exe()?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--data-dir").arg(data_dir).args([
            "--listen",
            "127.0.0.1:0",
            "--outbound-allow",
            "127.0.0.0/8",
        ]);
        command.args(["--log-format", "human"]).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        for (name, _) in env::vars_os() {
            // Someone's settings for a real server, its database above all, are not for this one.
            if name.to_string_lossy().starts_with("TIDEMILL_") && name != KEPT_VARIABLE {
                command.env_remove(name);
            }
        }
        // A group of its own: Ctrl-C comes to us, and we stop it in order.
        command.process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(|error| Error::Demo(format!("the server can't be started: {error}")))?;
        Ok(Self { child, data_dir: data_dir.into(), log: log.into() })
    }

    /// Waits until it takes work. Address and token are those that it wrote into its data directory.
    pub async fn ready(&mut self) -> Result<Client, Error> {
        let waited = timeout(START, self.poll_ready()).await;
        waited.unwrap_or_else(|_| Err(self.failed(&format!("the server was not ready after {} s", START.as_secs()))))
    }

    async fn poll_ready(&mut self) -> Result<Client, Error> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.failed(&format!("the server stopped at its start ({status})")));
            }
            // Missing or half-written files are what a server looks like that is still starting.
            if let Ok(found) = target::read_data_dir(&self.data_dir) {
                let config = ClientConfig {
                    server: found.server,
                    token: found.token.unwrap_or_default(),
                    workspace: None,
                    ca: found.ca,
                };
                let client = Client::new(&config)?;
                if client.clone().with_tries(1).ready().await.is_ok() {
                    return Ok(client);
                }
            }
            sleep(LOOK).await;
        }
    }

    fn failed(&self, what: &str) -> Error {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n  ");
        Error::Demo(format!("{what}; its log ends with:\n  {tail}"))
    }

    /// Asks it to stop, waits, and only then is hard. Postgres inside it needs the orderly way.
    pub async fn stop(mut self) -> io::Result<ExitStatus> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM)?;
        }
        if let Ok(status) = timeout(STOP, self.child.wait()).await {
            return status;
        }
        self.child.kill().await?;
        self.child.wait().await
    }
}
