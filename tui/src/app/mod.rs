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
pub fn run(options: TuiOptions) -> impl Future<Output = io::Result<()>> {
    let TuiOptions { target, execution, readonly } = options;
    let _ = (target, execution, readonly);
    std::future::ready(Err(io::ErrorKind::Unsupported.into()))
}
