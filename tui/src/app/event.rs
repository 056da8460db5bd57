//! What came in: everything that can change the state is one of these.

use crossterm::event::{KeyEvent, MouseEvent};
use tidemill_common::api::execution::{ExecutionDetail, ExecutionPage, ExecutionView};
use tidemill_common::api::why::WhyView;
use tidemill_common::api::workflow::{WorkflowPage, WorkflowView};
use tidemill_common::ids::ExecutionId;

use crate::client::link::LinkEvent;

/// Something that happened outside.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted; it never confirms anything.
    Paste(String),
    /// The mouse was moved, clicked or scrolled.
    Mouse(MouseEvent),
    /// The terminal has a new size: columns and rows.
    Resize(u16, u16),
    /// Time went on, and something that is visible changes with it.
    Tick,
    /// A stream has something to say.
    Link(Channel, LinkEvent),
    /// A request was answered.
    Answer(Answer),
}

/// Which stream an [`Event::Link`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The feed of the whole workspace.
    Feed,
    /// The stream of one execution.
    Execution(ExecutionId),
}

/// The answer to a request.
#[derive(Debug)]
pub enum Answer {
    /// A page of executions; `older` says that it continues the list downwards.
    Executions {
        /// The request that this answers; an answer to an older request is dropped.
        generation: u64,
        /// Whether the page continues the list downwards.
        older: bool,
        /// The page.
        result: Result<ExecutionPage, Failure>,
    },
    /// One execution, whole.
    Execution(ExecutionId, Result<Box<ExecutionDetail>, Failure>),
    /// All workflows.
    Workflows {
        /// The request that this answers; an answer to an older request is dropped.
        generation: u64,
        /// The workflows.
        result: Result<WorkflowPage, Failure>,
    },
    /// The name in addresses of the workspace that the token is for.
    Workspace(Result<String, Failure>),
    /// An execution was started by hand.
    Started(Result<Box<ExecutionView>, Failure>),
    /// An execution was asked to stop.
    Cancelled(ExecutionId, Result<Box<ExecutionView>, Failure>),
    /// An execution was asked to pause or to go on, or somebody decided about one of its steps.
    Told(ExecutionId, Result<Box<ExecutionView>, Failure>),
    /// Why an execution isn't moving.
    Why(ExecutionId, Result<WhyView, Failure>),
    /// A workflow was activated or deactivated.
    Switched(String, Result<Box<WorkflowView>, Failure>),
    /// Text went to the terminal's clipboard, or why not.
    Copied(Result<String, String>),
}

/// Why a request failed, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable code: that of the problem, or `unreachable`.
    pub code: String,
    /// What happened and what to do next.
    pub message: String,
    /// Finds the request in the server's log.
    pub request_id: Option<String>,
}
