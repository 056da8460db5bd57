//! Side effects that `update` asks for. The runner executes them; nothing here does anything.

use serde_json::Value;
use tidemill_common::ids::ExecutionId;

/// Something to do outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read a page of executions, newest first.
    LoadExecutions {
        /// Comes back with the answer.
        generation: u64,
        /// Continue the list downwards from here.
        cursor: Option<String>,
    },
    /// Read one execution, whole.
    LoadExecution(ExecutionId),
    /// Read the workflows.
    LoadWorkflows {
        /// Comes back with the answer.
        generation: u64,
    },
    /// Ask which workspace the token is for.
    LoadWorkspace,
    /// Follow one execution's stream behind event `after`; ends the one followed before.
    Follow {
        /// The execution.
        id: ExecutionId,
        /// The last `seq` that is known.
        after: i32,
    },
    /// Stop following an execution.
    Unfollow,
    /// Connect again at once instead of waiting for the backoff.
    Reconnect,
    /// Start an execution by hand.
    Start {
        /// The workflow's `id`.
        workflow: String,
        /// What expressions see as `trigger.body`.
        input: Value,
    },
    /// Ask an execution to stop.
    Cancel(ExecutionId),
    /// Pause an execution, or let it go on.
    Pause {
        /// The execution.
        id: ExecutionId,
        /// Whether it is to be paused.
        on: bool,
    },
    /// Approve what a step waits for, or reject it.
    Decide {
        /// The execution.
        id: ExecutionId,
        /// The step.
        step: String,
        /// Whether it is approved.
        approve: bool,
    },
    /// Try an execution again.
    Retry(ExecutionId),
    /// Ask why an execution isn't moving.
    Why(ExecutionId),
    /// Make a workflow's triggers live, or stop them.
    Switch {
        /// The workflow's `id`.
        workflow: String,
        /// The version to activate; `None` deactivates.
        activate: Option<i32>,
    },
    /// Send text to the terminal's clipboard.
    Copy {
        /// What it is, for the message: `id`, `command`, `JSON`.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// Take the mouse, or give it back to the terminal's own selection.
    CaptureMouse(bool),
    /// Paint everything anew.
    Redraw,
    /// Give the terminal back to the shell until it resumes us.
    Suspend,
    /// Leave.
    Quit,
}
