//! The way from text to plan.

use tidemill_common::api::workflow::Diagnostic;

use super::check;
use super::document::{self, Problems};
use super::plan::Plan;

/// Reads, checks and compiles a workflow file, YAML or JSON.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file; at most 100 things.
pub fn compile(source: &str) -> Result<Plan, Vec<Diagnostic>> {
    let mut problems = Problems::new(source);
    let plan = document::read(source, &mut problems).and_then(|root| check::workflow(&root, &mut problems));
    match plan {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(problems.finish()),
    }
}
