//! Keeps a step host alive: starts it, hears what it says, starts another one when it is lost or old.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidemill_common::step_protocol::{Notice, Request, Spawn};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::child::Child;
use super::control::Control;
use super::verdict::Exit;

/// How long a step host may take to get warm.
const WARM_UP: Duration = Duration::from_secs(20);
/// How long it may take to make a child, on a machine that is busy.
const SPAWN: Duration = Duration::from_secs(10);

/// Why there is no child.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The process can't be started.
    #[error("the step host can't be started")]
    Start(#[source] io::Error),
    /// It ended, or said nothing, before it was warm.
    #[error("the step host did not get warm")]
    Cold,
    /// It is gone.
    #[error("the step host is gone")]
    Gone,
    /// It can't make a child.
    #[error("the step host can't make a child: {0}")]
    NoChild(String),
}

/// How a step host is started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) binary: PathBuf,
    pub(super) arguments: Vec<String>,
}

/// A running step host. Dropping it ends it, and with it all its children.
#[derive(Debug)]
pub(super) struct Host {
    control: Arc<Control>,
    waiting: Arc<Mutex<Waiting>>,
    spawning: tokio::sync::Mutex<()>,
    process: tokio::process::Child,
    listener: tokio::task::JoinHandle<()>,
    /// Version of what runs code in it.
    pub(super) version: String,
}

/// Who waits for what the step host will say.
#[derive(Debug, Default)]
struct Waiting {
    spawned: Option<oneshot::Sender<Result<Child, Error>>>,
    exits: HashMap<i32, oneshot::Sender<Exit>>,
    gone: bool,
}

impl Host {
    /// Starts a step host and waits until it is warm.
    pub(super) async fn start(program: &Program) -> Result<Self, Error> {
        let (control, theirs) = Control::pair().map_err(Error::Start)?;
        let mut command = Command::new(&program.binary);
        command.arg("step-host").args(&program.arguments).env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(Error::Start)?;
        // The command keeps its copy of the channel's other end, and would keep it open.
        drop(command);
        if let Some(stderr) = process.stderr.take() {
            tokio::spawn(repeat(stderr));
        }
        let warm = timeout(WARM_UP, control.receive()).await;
        let Ok(Ok(Some((Notice::Ready { version }, _)))) = warm else { return Err(Error::Cold) };
        let control = Arc::new(control);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let listener = tokio::spawn(listen(Arc::clone(&control), Arc::clone(&waiting)));
        Ok(Self { control, waiting, spawning: tokio::sync::Mutex::default(), process, listener, version })
    }

    /// A new child.
    pub(super) async fn spawn(&self, spawn: Spawn) -> Result<Child, Error> {
        // One after the other: the step host has one thread anyhow, and so answers can't be mixed up.
        let _turn = self.spawning.lock().await;
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = lock(&self.waiting);
            if waiting.gone {
                return Err(Error::Gone);
            }
            waiting.spawned = Some(sender);
        }
        self.control.send(Request::Spawn(spawn)).await.map_err(|_| Error::Gone)?;
        timeout(SPAWN, receiver).await.map_err(|_| Error::Gone)?.map_err(|_| Error::Gone)?
    }

    /// Whether it still runs.
    pub(super) fn is_alive(&self) -> bool {
        !lock(&self.waiting).gone
    }

    /// Its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.id()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hears the step host until it is gone.
async fn listen(control: Arc<Control>, waiting: Arc<Mutex<Waiting>>) {
    while let Ok(Some((notice, descriptors))) = control.receive().await {
        hear(notice, descriptors, &waiting);
    }
    let mut waiting = lock(&waiting);
    waiting.gone = true;
    waiting.spawned = None;
    // Whoever waits for an exit learns that nobody will ever know.
    waiting.exits.clear();
}

fn hear(notice: Notice, descriptors: Vec<std::os::fd::OwnedFd>, waiting: &Mutex<Waiting>) {
    let mut waiting = lock(waiting);
    let answer = match notice {
        Notice::Ready { .. } => return,
        Notice::Exited { pid, code, signal } => {
            let exit = code.map(Exit::Code).or(signal.map(Exit::Signal)).unwrap_or(Exit::Lost);
            if let Some(sender) = waiting.exits.remove(&pid) {
                // A child that was ended on purpose has nobody waiting for its exit.
                let _ = sender.send(exit);
            }
            return;
        }
        Notice::NotSpawned { message } => Err(Error::NoChild(message)),
        Notice::Spawned { pid } => {
            let (sender, exit) = oneshot::channel();
            waiting.exits.insert(pid, sender);
            let mut descriptors = descriptors.into_iter();
            match (descriptors.next(), descriptors.next()) {
                (Some(stream), Some(handle)) => {
                    Child::new(stream, handle, exit).map_err(|error| Error::NoChild(error.to_string()))
                }
                _ => Err(Error::NoChild("its descriptors did not arrive; this process may have too many open".to_owned())),
            }
        }
    };
    if let Some(sender) = waiting.spawned.take() {
        // Who asked may have been cancelled meanwhile; the child ends when it is dropped.
        let _ = sender.send(answer);
    }
}

/// Repeats in the log what a step host says on stderr: why it can't start.
async fn repeat(stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!("{line}");
    }
}
