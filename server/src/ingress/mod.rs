//! What arrives: webhook deliveries, schedules, manual starts, failures of other workflows, calls, and events that executions
//! wait for.
//!
//! Each kind of arrival finds its workflow version, makes the `trigger` that expressions see, and goes to admission.

mod active;
pub mod body;
mod call;
mod failure;
pub mod manual;
pub mod resume;
mod routes;
pub mod schedule;
pub mod webhook;

pub use call::CallStarts;
pub use failure::FailureStarts;
pub use manual::Manual;
pub use resume::Resumes;
pub use routes::Routes;
pub use webhook::Webhooks;
