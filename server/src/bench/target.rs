//! The server that is driven: one that runs already, or a temporary one of this very binary.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::connection::{Connection, Request};
use super::{BenchOptions, Error};
use crate::postgres;

/// A first start makes a database; on a loaded machine that takes its time.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a drain may take.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(10);

/// Where requests go.
#[derive(Debug)]
pub(super) struct Target {
    /// `host:port`.
    pub(super) address: String,
    /// A token that may install workflows.
    pub(super) token: String,
    /// Postgres behind it, if we may measure it.
    pub(super) postgres_url: Option<String>,
    /// Held for its end.
    _temporary: Option<Temporary>,
}

impl Target {
    /// The server that the options name, or a temporary one.
    pub(super) async fn open(options: &BenchOptions) -> Result<Self, Error> {
        let Some(url) = &options.url else { return Self::temporary(options.postgres_bin.as_deref()).await };
        let token = options.token.clone().ok_or(Error::NoToken)?;
        Ok(Self { address: address_of(url)?, token, postgres_url: options.postgres_url.clone(), _temporary: None })
    }

    async fn temporary(postgres_bin: Option<&Path>) -> Result<Self, Error> {
        let mut server = Temporary::start(postgres_bin)?;
        let address = server.ready().await?;
        let path = server.dir.join("admin-token");
        let token = fs::read_to_string(&path).map_err(Error::io("read", &path))?.trim().to_owned();
        let postgres_url = Some(postgres::url_in(&server.dir)?);
        Ok(Self { address, token, postgres_url, _temporary: Some(server) })
    }
}

/// `host:port` of `http://host:port`.
fn address_of(url: &str) -> Result<String, Error> {
    let address = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let address = address.filter(|address| !address.is_empty() && !address.contains('/'));
    let address = address.ok_or_else(|| Error::Url(url.to_owned()))?;
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(if has_port { address.to_owned() } else { format!("{address}:80") })
}

/// A server in a directory of its own; both go when this is dropped.
#[derive(Debug)]
struct Temporary {
    child: Child,
    dir: PathBuf,
}

impl Temporary {
    fn start(postgres_bin: Option<&Path>) -> Result<Self, Error> {
        let dir = std::env::temp_dir().join(format!("tidemill-bench-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&dir).map_err(Error::io("make", &dir))?;
        let log_path = dir.join("server.log");
        let log = File::create(&log_path).map_err(Error::io("make", &log_path))?;
        let copy = log.try_clone().map_err(Error::io("open", &log_path))?;
        let program = std::env::current_exe().map_err(Error::io("find", "this program"))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&dir).env_remove("TIDEMILL_DATABASE_URL");
        if let Some(postgres_bin) = postgres_bin {
            command.arg("--postgres-bin").arg(postgres_bin);
        }
        let command = command.stdin(Stdio::null()).stdout(Stdio::from(log)).stderr(Stdio::from(copy));
        let child = command.spawn().map_err(Error::io("execute", &program))?;
        Ok(Self { child, dir })
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

async fn is_ready(address: &str) -> bool {
    let request = Request::new(address, ("GET", "/readyz"), "", b"");
    match Connection::open(address).await {
        Ok(mut connection) => connection.send(&request).await.is_ok_and(|(status, _)| status == 200),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        assert_eq!(address_of("http://127.0.0.1:7700/").unwrap(), "127.0.0.1:7700");
        assert_eq!(address_of("http://example.org").unwrap(), "example.org:80");
        assert_eq!(address_of("http://[::1]:7700").unwrap(), "[::1]:7700");
        for wrong in ["https://example.org", "example.org", "http://", "http://example.org/api"] {
            assert!(address_of(wrong).is_err(), "{wrong}");
        }
    }
}
