//! What makes a step happen more than once: `for_each` and `while`.

use std::time::Duration;

use super::expression::{Expression, Template};
use super::plan::OnError;

/// Why a step has iterations.
#[derive(Debug)]
pub enum Repeat {
    /// Once per item of a list.
    ForEach(ForEach),
    /// As long as a condition holds.
    While(While),
}

/// The `for_each` of a step.
#[derive(Debug)]
pub struct ForEach {
    /// Renders to the list.
    pub items: Template,
    /// How many iterations may be under way at once.
    pub concurrency: u32,
    /// What a failed iteration means for the step.
    pub on_error: OnError,
}

/// The `while` of a step.
#[derive(Debug)]
pub struct While {
    /// Asked before each iteration.
    pub condition: Expression,
    /// The step fails when the condition still holds after so many.
    pub max_iterations: u32,
    /// The pause between two iterations.
    pub interval: Duration,
}

impl Repeat {
    /// Whether the step fails as soon as one iteration has failed for good.
    #[must_use]
    pub fn fails_at_once(&self) -> bool {
        !matches!(self, Self::ForEach(ForEach { on_error: OnError::Continue, .. }))
    }
}
