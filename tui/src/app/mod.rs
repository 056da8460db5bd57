//! The full-screen TUI: pure state, update and view; effects outside.

use std::io;

use tidemill_common::ids::ExecutionId;

use crate::client::ClientConfig;

/// What the TUI is opened with.
pub struct TuiOptions {
    /// Which server, and who asks.
    pub target: ClientConfig,
    /// The execution to begin at.
    pub execution: Option<ExecutionId>,
    /// Show only; change nothing.
    pub readonly: bool,
}

/// Runs the TUI until it is closed.
pub async fn run(options: TuiOptions) -> io::Result<()> {
    let TuiOptions { target, execution, readonly } = options;
    let _ = (target, execution, readonly);
    Err(io::ErrorKind::Unsupported.into())
}
//!
//! A key press becomes an [`event`], which [`update`] turns into a changed [`state`] and [`effect`]s; [`view`] draws the
//! state. `runner` owns terminal and channels and is the only place where these meet the world. What the TUI shows about
//! executions changes only on events of the server (or a snapshot, which is their fold).

mod action;
mod backend;
mod clipboard;
mod effect;
mod effects;
mod event;
mod keymap;
mod options;
mod runner;
mod state;
mod terminal;
mod update;
mod view;

pub use options::{TuiError, TuiOptions};
pub use runner::run;
pub use view::Colors;
