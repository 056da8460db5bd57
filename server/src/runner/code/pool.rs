//! Children that are locked up already and wait for a job.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidemill_common::step_protocol::{Attestation, Level, Spawn};
use tokio::sync::Notify;

use super::child::Child;
use super::host::{Error, Host, Program};
use super::status::fallen;
use crate::telemetry::CodeMetrics;

/// Children after which a step host is replaced: all its children have the same address layout and hash seed.
const CHILDREN: u64 = 1000;
/// Age at which a step host is replaced.
const AGE: Duration = Duration::from_secs(600);
/// Longest pause between two tries to start a step host.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Keeps one step host, and children of it in reserve.
#[derive(Debug)]
pub(super) struct Pool {
    program: Program,
    spawn: Spawn,
    reserve: usize,
    state: tokio::sync::Mutex<State>,
    ready: Mutex<VecDeque<Ready>>,
    wanted: Notify,
    status: tokio::sync::watch::Sender<Option<Status>>,
    metrics: Option<CodeMetrics>,
}

/// A child in reserve, and the step host that it belongs to: while it lives, the host lives.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) child: Child,
    host: Arc<Host>,
}

/// What is known about the step host.
#[derive(Debug, Clone)]
pub(super) enum Status {
    /// It runs, and its walls were tried.
    Attested { attestation: Attestation, version: String, pid: Option<u32> },
    /// It can't be started.
    Failed(String),
}

#[derive(Debug, Default)]
struct State {
    host: Option<Arc<Host>>,
    born: Option<Instant>,
    children: u64,
    failures: u32,
    retry_at: Option<Instant>,
}

impl State {
    fn of(host: Host) -> Self {
        Self { host: Some(Arc::new(host)), born: Some(Instant::now()), ..Self::default() }
    }
}

impl Pool {
    /// A pool that keeps `reserve` children as `spawn` says; with `metrics` it shows how it is.
    pub(super) fn new(program: Program, spawn: Spawn, reserve: usize, metrics: Option<CodeMetrics>) -> Self {
        Self {
            program,
            spawn,
            reserve,
            state: tokio::sync::Mutex::default(),
            ready: Mutex::default(),
            wanted: Notify::new(),
            status: tokio::sync::watch::Sender::new(None),
            metrics,
        }
    }

    /// What is known about the step host; `None` until it was started for the first time.
    pub(super) fn status(&self) -> tokio::sync::watch::Receiver<Option<Status>> {
        self.status.subscribe()
    }

    /// A child that waits for a job: one in reserve, else one made as `spawn` says.
    pub(super) async fn take(&self, spawn: Spawn) -> Result<Ready, Error> {
        loop {
            let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            self.wanted.notify_one();
            match ready {
                None => return self.make(spawn).await,
                Some(ready) if ready.host.is_alive() => return Ok(ready),
                Some(_) => {}
            }
        }
    }

    /// A new child that was not made in advance.
    async fn make(&self, spawn: Spawn) -> Result<Ready, Error> {
        let host = self.host().await?;
        self.state.lock().await.children += 1;
        let started = Instant::now();
        let child = host.spawn(spawn).await?;
        if let Some(metrics) = &self.metrics {
            metrics.spawned(started.elapsed());
        }
        Ok(Ready { child, host })
    }

    /// Fills the reserve whenever a child was taken, and keeps a step host running. Never returns.
    pub(super) async fn keep(&self) {
        loop {
            if let Err(error) = self.host().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "no step host");
            }
            while self.spares() < self.reserve {
                match self.make(self.spawn).await {
                    Ok(ready) => self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(ready),
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "no child for code steps");
                        break;
                    }
                }
            }
            self.show();
            // Once in a while also without being asked: a step host may be lost or too old.
            let _ = tokio::time::timeout(Duration::from_secs(5), self.wanted.notified()).await;
            self.drop_old().await;
        }
    }

    fn spares(&self) -> usize {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Shows the present state in the metrics.
    fn show(&self) {
        let Some(metrics) = &self.metrics else { return };
        match &*self.status.borrow() {
            Some(Status::Attested { attestation, pid, .. }) => {
                metrics.shown(attestation.level, self.spares(), pid.and_then(resident_memory).unwrap_or(0));
            }
            _ => metrics.shown(Level::L0, 0, 0),
        }
    }

    async fn drop_old(&self) {
        let (lost, old) = {
            let mut state = self.state.lock().await;
            let lost = state.host.take_if(|host| !host.is_alive()).is_some();
            (lost, state.children >= CHILDREN || state.born.is_some_and(|born| born.elapsed() >= AGE))
        };
        if lost {
            tracing::warn!("the step host was lost; starting another one");
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
        } else if old {
            self.renew().await;
        }
    }

    /// Puts a new step host in the place of one that served long enough. Steps that still run keep the old one until they end.
    async fn renew(&self) {
        match self.start().await {
            Ok(host) => {
                *self.state.lock().await = State::of(host);
                self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the step host can't be renewed; the old one goes on");
                self.state.lock().await.born = Some(Instant::now());
            }
        }
    }

    /// The step host; starts one when there is none.
    async fn host(&self) -> Result<Arc<Host>, Error> {
        let mut state = self.state.lock().await;
        if let Some(host) = state.host.as_ref().filter(|host| host.is_alive()).cloned() {
            return Ok(host);
        }
        if state.retry_at.is_some_and(|at| Instant::now() < at) {
            return Err(Error::Gone);
        }
        match self.start().await {
            Ok(host) => {
                *state = State::of(host);
                state.host.clone().ok_or(Error::Gone)
            }
            Err(error) => {
                let pause = (Duration::from_millis(250) * 2_u32.saturating_pow(state.failures.min(10))).min(LONGEST_PAUSE);
                *state = State { failures: state.failures + 1, retry_at: Some(Instant::now() + pause), ..State::default() };
                self.status.send_replace(Some(Status::Failed(said(&error))));
                Err(error)
            }
        }
    }

    /// Starts a step host, and lets its first child try the walls.
    async fn start(&self) -> Result<Host, Error> {
        let host = Host::start(&self.program).await?;
        let mut child = host.spawn(Spawn { attest: true, ..self.spawn }).await?;
        let attestation = child.attestation().await;
        let attestation =
            attestation.map_err(|exit| Error::NoChild(format!("the child that tries the walls ended ({exit:?})")))?;
        let known =
            matches!(&*self.status.borrow(), Some(Status::Attested { attestation: known, .. }) if *known == attestation);
        if !known {
            let (level, missing) = (attestation.level.as_str(), fallen(&attestation));
            tracing::info!(level, missing, version = host.version, "the sandbox of code steps was tried");
        }
        let status = Status::Attested { attestation, version: host.version.clone(), pid: host.pid() };
        self.status.send_replace(Some(status));
        Ok(host)
    }
}

/// Memory of a process that is resident, in bytes.
fn resident_memory(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// An error and its causes in one line.
fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
