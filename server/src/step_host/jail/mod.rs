//! The walls around a step. The only room with `unsafe` code.
//!
//! [`Jail::build`] puts the step host itself into empty namespaces and prepares what every child needs; [`fork`] makes a child;
//! [`Jail::lock_down`] closes the child for good: identity, limits, Landlock, and the system call filter last. What fails on the
//! way ends the child before it has read its job. [`Jail::attest`] tries each wall instead of believing in it.
#![expect(
    unsafe_code,
    reason = "fork, descriptors and CPython's start have no safe interface; each block says why it is sound"
)]

mod attest;
mod build;
mod canary;
mod group;
mod identity;
mod interpreter;
mod landlock;
mod lock_down;
mod namespaces;
mod process;
mod profile;
mod rlimits;
mod root;
mod seccomp;

pub(super) use build::Jail;
pub(super) use group::{Group, Groups};
pub(super) use interpreter::start_python;
pub(super) use process::{Fork, close_all_but, exec, exit, fork, fork_interpreter, peak_memory};
pub(super) use profile::Profile;
pub(super) use rlimits::lower as lower_limits;
pub(super) use root::Root;

/// Why a wall could not be put up.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A system call failed.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// Landlock.
    #[error("Landlock failed")]
    Landlock(#[from] ::landlock::RulesetError),
    /// The system call filter.
    #[error("the system call filter failed")]
    Filter(#[from] seccompiler::Error),
    /// The system call filter can't be made for this processor.
    #[error("the system call filter can't be made")]
    Backend(#[from] seccompiler::BackendError),
    /// A canary came through.
    #[error("a canary came through the walls: {0}")]
    Canary(&'static str),
}

/// Says what was tried when it fails.
trait Trying<T> {
    fn trying(self, what: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<std::io::Error>> Trying<T> for Result<T, E> {
    fn trying(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::System { what, source: source.into() })
    }
}
