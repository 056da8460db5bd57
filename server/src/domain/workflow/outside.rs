//! Steps that wait for something outside: another execution, an event, people.

use std::sync::Arc;

use tidemill_common::api::workspace::Role;

use super::expression::Template;
use super::inputs::InputSchema;
use super::plan::{Effect, Step, WaitFor, Work};

/// A `workflow.call` step.
#[derive(Debug)]
pub struct Call {
    /// Renders to the `id` of the workflow's file.
    pub workflow: Template,
    /// The same, when the file says it without an expression.
    pub named: Option<Arc<str>>,
    /// Renders to the input; an empty object when absent.
    pub input: Option<Template>,
}

/// A `wait` step with `event`.
#[derive(Debug)]
pub struct EventWait {
    /// What is waited for, in words.
    pub event: String,
    /// Whether the step succeeds, with the output `null`, when nothing came in time.
    pub goes_on: bool,
}

/// An `approval` step.
#[derive(Debug)]
pub struct Approval {
    /// Renders to what is to be approved, in words.
    pub message: Template,
    /// The least role that may approve, if a role is enough.
    pub role: Option<Role>,
    /// Renders to the members who may approve besides: names, e-mail addresses, ids.
    pub members: Option<Template>,
    /// What the answer must fit.
    pub form: Option<InputSchema>,
    /// What happens when nobody decided in time.
    pub on_timeout: OnTimeout,
    /// Whether the step succeeds when it was rejected; later steps read `approved`.
    pub goes_on: bool,
}

/// What happens to an approval when nobody decided in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeout {
    /// It counts as approved.
    Approve,
    /// It counts as rejected.
    Reject,
    /// The step fails.
    Fail,
}

impl Step {
    /// Whether the step may come to wait for something outside. One that is never repeated by itself waits for an operator
    /// after a crash.
    pub fn waits_outside(&self) -> bool {
        let waits = matches!(self.work, Work::Call(_) | Work::Approval(_) | Work::Wait(WaitFor::Event(_)));
        waits || self.effect == Effect::AtMostOnce
    }
}
