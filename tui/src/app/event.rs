//! What came in: everything that can change the state is one of these.

use crossterm::event::{KeyEvent, MouseEvent};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidemill_common::api::execution::{ExecutionDetail, ExecutionPage};
use tidemill_common::api::why::WhyView;
use tidemill_common::api::workflow::WorkflowPage;
use tidemill_common::ids::ExecutionId;

use super::data::{Data, Query};
use super::effect::Purpose;
use super::given::Given;
use super::order::{Order, Outcome};
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
    /// The user's editor was left: the text, `None` when it is as it was.
    Edited(Purpose, Result<Option<String>, String>),
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
    /// A page of executions that pass the server's part of a filter.
    Filtered {
        /// The filter, as it was typed.
        filter: String,
        /// Whether the page continues the list downwards.
        older: bool,
        /// The page.
        result: Result<ExecutionPage, Failure>,
    },
    /// Something else was read.
    Data(Query, Result<Data, Failure>),
    /// An order was carried out, or not; so many of its batch are still to come.
    Sent {
        /// The order.
        order: Box<Order>,
        /// What came of it.
        result: Result<Outcome, Failure>,
        /// How many orders of the same batch follow.
        left: usize,
    },
    /// A value that an execution only refers to.
    Payload {
        /// The execution.
        id: ExecutionId,
        /// The value's hash.
        sha256: String,
        /// The value.
        result: Result<Value, Failure>,
    },
    /// A file was written: where, or why not.
    Saved(Given, Result<String, Failure>),
    /// Why an execution isn't moving.
    Why(ExecutionId, Result<WhyView, Failure>),
    /// Text went to the terminal's clipboard, or why not.
    Copied(Result<String, String>),
}

/// Why a request failed, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: that of the problem, or `unreachable`.
    pub code: String,
    /// What happened and what to do next.
    pub message: String,
    /// Finds the request in the server's log.
    pub request_id: Option<String>,
}
