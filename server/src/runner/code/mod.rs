//! Code steps, on the server's side: keeps a step host, hands it jobs, and ends what takes too long.
//!
//! [`CodeRunner`] is the way in. `host` keeps the process alive, `pool` children that wait for a job, `child` talks to one child,
//! `verdict` says why a child that didn't answer has ended. User code never runs in this process, and what a child says is
//! never more than data.

mod child;
mod control;
mod engine;
mod groups;
mod host;
mod limits;
mod options;
mod pool;
mod printed;
mod runner;
mod status;
mod verdict;

pub use engine::Engine;
pub use limits::CodeLimits;
pub use options::{CodeOptions, NodeOptions};
pub use printed::Printed;
pub use runner::{CodeOutcome, CodeRunner};
pub use status::SandboxStatus;
