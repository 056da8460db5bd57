//! Side effects that `update` asks for. The runner executes them; nothing here does anything.

use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::data::Query;
use super::given::Given;
use super::order::Order;
use super::state::look::Colors;

/// The part of a filter that the server understands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only executions of this workflow.
    pub workflow: Option<String>,
    /// Only executions in one of these states.
    pub status: Vec<ExecutionStatus>,
}

/// What text that is edited is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The file of a workflow; `base` is the version that is edited, `None` for a new workflow.
    Workflow {
        /// The workflow's `id`.
        id: String,
        /// The version.
        base: Option<i32>,
    },
    /// Code that is tried out, with the end of its file's name.
    Code(&'static str),
    /// The input of that code.
    CodeInput,
    /// A field of the form that is open.
    Field,
}

impl Purpose {
    /// The end of the file's name, so that editors know what it is.
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Workflow { .. } => ".yaml",
            Self::Code(suffix) => suffix,
            Self::CodeInput | Self::Field => ".json",
        }
    }
}

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
    /// Read a page of executions that pass the server's part of a filter.
    LoadFiltered {
        /// The filter, as it was typed; comes back with the answer.
        filter: String,
        /// What the server is asked for.
        wanted: Wanted,
        /// Continue the list downwards from here.
        cursor: Option<String>,
    },
    /// Read the workflows.
    LoadWorkflows {
        /// Comes back with the answer.
        generation: u64,
    },
    /// Read something else.
    Read(Query),
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
    /// Send orders, one after the other; the user has said yes.
    Send(Vec<Order>),
    /// Read a value that an execution only refers to.
    LoadPayload {
        /// The execution.
        id: ExecutionId,
        /// The value's hash.
        sha256: String,
    },
    /// Write what the server gives into a new file of this path, where this program runs.
    Save(Given, String),
    /// Ask why an execution isn't moving.
    Why(ExecutionId),
    /// Let the user edit text in an editor of their own.
    Edit {
        /// What the text is.
        purpose: Purpose,
        /// The text.
        text: String,
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
    /// Draw with so many colours.
    Colors(Colors),
    /// Go to another workspace of the same server.
    Workspace(String),
    /// Paint everything anew.
    Redraw,
    /// Give the terminal back to the shell until it resumes us.
    Suspend,
    /// Leave.
    Quit,
}
