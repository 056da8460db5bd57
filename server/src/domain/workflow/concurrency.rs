//! How many executions of a workflow may run at once per key.

use super::expression::Template;

/// The `concurrency` of a workflow.
#[derive(Debug)]
pub struct Concurrency {
    /// Renders to the key; one key for the whole workflow when absent.
    pub key: Option<Template>,
    /// How many executions may hold a key at once.
    pub limit: u32,
    /// What happens to an arrival whose key is held by that many.
    pub on_limit: OnLimit,
}

/// What happens to an arrival whose key is held by as many executions as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits, first in, first out.
    Queue,
    /// The oldest execution with the key is cancelled; this one waits until that one has ended.
    CancelOldest,
    /// It is cancelled at once.
    Skip,
    /// It fails at once.
    Fail,
}
