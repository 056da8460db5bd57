//! The warm process that forks a child per step.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use pyo3::Python;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use tidemill_common::step_protocol::{Notice, Request, Spawn};

use super::StepHostArgs;
use super::channel::Control;
use super::child;
use super::jail::{self, Fork, Group, Groups, Jail, Profile, Root};
use super::python::Interpreter;

/// Why the step host could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The control channel, or a child.
    #[error("the channel to the server failed")]
    Channel(#[from] io::Error),
    /// The interpreter.
    #[error("Python can't be started: {0}")]
    Python(String),
    /// What the interpreter is warmed up with.
    #[error("Python can't be warmed up")]
    Warm(#[from] pyo3::PyErr),
    /// Node.js.
    #[error("Node.js can't be used: {0}")]
    Node(String),
    /// The walls.
    #[error("the walls can't be prepared")]
    Jail(#[from] jail::Error),
}

/// Warms up, walls itself in, and forks children until the server closes the channel.
pub(super) fn run(args: &StepHostArgs) -> Result<(), Error> {
    let control = Control::take_stdin()?;
    jail::close_all_but(control.as_fd())?;
    rustix::process::chdir("/").map_err(io::Error::from)?;
    jail::start_python(args.python_home.as_deref()).map_err(Error::Python)?;
    let groups = Groups::open(args.control_groups.as_deref(), &args.without_control_groups);
    Python::attach(|py| {
        let interpreter = Interpreter::warm(py, !args.without_language_layer)?;
        let jail = Jail::build(Profile::Inside, &Root::default(), groups)?;
        interpreter.freeze(py)?;
        let python = py.version_info();
        let version = format!("{}.{}.{}", python.major, python.minor, python.patch);
        control.send(&Notice::Ready { version }, &[])?;
        Zygote::new(control, jail, Inside { py, interpreter }).serve()
    })
}

/// What runs in the children.
pub(super) trait Guest {
    /// Makes a child.
    fn fork(&self, own_processes: bool) -> io::Result<Fork>;
    /// Lives the life of a child. Never returns into the step host.
    fn live(&self, jail: &Jail, spawn: &Spawn, stream: OwnedFd) -> !;
}

/// The interpreters inside this process.
struct Inside<'py> {
    py: Python<'py>,
    interpreter: Interpreter,
}

impl Guest for Inside<'_> {
    fn fork(&self, own_processes: bool) -> io::Result<Fork> {
        jail::fork_interpreter(self.py, own_processes)
    }

    fn live(&self, jail: &Jail, spawn: &Spawn, stream: OwnedFd) -> ! {
        child::run(self.py, jail, &self.interpreter, spawn, stream)
    }
}

/// A child that has not been seen to end.
struct Child {
    pid: Pid,
    handle: OwnedFd,
    group: Option<Group>,
}

/// The process that forks.
pub(super) struct Zygote<G> {
    control: Control,
    jail: Jail,
    guest: G,
    children: Vec<Child>,
}

impl<G: Guest> Zygote<G> {
    /// One without children.
    pub(super) fn new(control: Control, jail: Jail, guest: G) -> Self {
        Self { control, jail, guest, children: Vec::new() }
    }

    /// Forks children until the server closes the channel.
    pub(super) fn serve(mut self) -> Result<(), Error> {
        loop {
            let asked = self.wait()?;
            match self.reap() {
                // The server is gone, and nobody wants to know.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                reaped => reaped?,
            }
            if !asked {
                continue;
            }
            match self.control.receive()? {
                None => return Ok(()),
                Some(Request::Spawn(spawn)) => self.spawn(&spawn)?,
            }
        }
    }

    /// Waits for a request or the end of a child; says whether there is a request.
    fn wait(&self) -> io::Result<bool> {
        let mut watched = vec![PollFd::new(&self.control, PollFlags::IN)];
        watched.extend(self.children.iter().map(|child| PollFd::new(&child.handle, PollFlags::IN)));
        poll(&mut watched, None)?;
        Ok(!watched[0].revents().is_empty())
    }

    fn reap(&mut self) -> io::Result<()> {
        let (control, jail) = (&self.control, &self.jail);
        let mut outcome = Ok(());
        self.children.retain(|child| {
            let ended = waitid(WaitId::PidFd(child.handle.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            let Ok(Some(status)) = ended else { return ended.is_ok() };
            let (code, signal) = (status.exit_status(), status.terminating_signal());
            let pid = child.pid.as_raw_nonzero().get();
            if let Some(group) = &child.group {
                jail.remove_group(group);
            }
            if let Err(error) = control.send(&Notice::Exited { pid, code, signal }, &[]) {
                outcome = Err(error);
            }
            false
        });
        outcome
    }

    fn spawn(&mut self, spawn: &Spawn) -> Result<(), Error> {
        let (ours, theirs) = UnixStream::pair()?;
        if let Err(error) = self.jail.prepare_child(spawn) {
            let message =
                format!("{error}: {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
            return Ok(self.control.send(&Notice::NotSpawned { message }, &[])?);
        }
        match self.guest.fork(self.jail.own_processes()) {
            Ok(Fork::Child) => self.guest.live(&self.jail, spawn, theirs.into()),
            Ok(Fork::Parent(pid, handle)) => {
                let notice = Notice::Spawned { pid: pid.as_raw_nonzero().get() };
                self.control.send(&notice, &[ours.as_fd(), handle.as_fd()])?;
                self.children.push(Child { pid, handle, group: self.jail.take_group() });
            }
            Err(error) => {
                if let Some(group) = self.jail.take_group() {
                    self.jail.remove_group(&group);
                }
                self.control.send(&Notice::NotSpawned { message: error.to_string() }, &[])?;
            }
        }
        Ok(())
    }
}
