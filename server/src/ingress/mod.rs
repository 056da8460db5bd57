//! What arrives: webhook deliveries, schedules, manual starts, failures of other workflows.
//!
//! Each kind of arrival finds its workflow version, makes the `trigger` that expressions see, and goes to admission.

pub mod body;
mod failure;
pub mod manual;
mod routes;
pub mod schedule;
pub mod webhook;

pub use failure::FailureStarts;
pub use manual::Manual;
pub use routes::Routes;
pub use webhook::Webhooks;
