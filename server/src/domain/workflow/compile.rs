//! The way from text to plan.

use tidemill_common::api::workflow::Diagnostic;

use super::plan::Plan;

/// Reads, checks and compiles a workflow file, YAML or JSON.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn compile(source: &str) -> Result<Plan, Vec<Diagnostic>> {
    let _ = source;
    Err(Vec::new())
}
