//! A compiled workflow version: everything checked, every expression compiled.

use std::sync::Arc;
use std::time::Duration;

/// A workflow version, ready to be executed. Immutable and shared.
#[derive(Debug)]
pub struct Plan {
    /// The `id` of the file.
    pub id: Arc<str>,
    /// Its name for people.
    pub name: String,
    /// The steps, in the file's order; a [`StepIndex`] is a place in this list.
    pub steps: Vec<Step>,
}

/// A step's place in [`Plan::steps`].
pub type StepIndex = usize;

/// One node of the graph.
#[derive(Debug)]
pub struct Step {
    /// Unique in the workflow.
    pub id: Arc<str>,
    /// The steps that must end before this one starts.
    pub depends_on: Vec<StepIndex>,
    /// The steps that wait for this one: the inverse of `depends_on`.
    pub dependents: Vec<StepIndex>,
    /// What happens when an attempt fails.
    pub retry: Retry,
    /// How long one attempt may take.
    pub timeout: Duration,
}

/// When and how often a failed attempt is tried again.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Attempts in all; 1 means that nothing is retried.
    pub max_attempts: u32,
}
