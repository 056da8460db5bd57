//! What arrives: webhook deliveries, schedules, manual starts.
//!
//! Each kind of arrival finds its workflow version, makes the `trigger` that expressions see, and goes to admission.

pub mod body;
pub mod manual;
mod routes;
pub mod schedule;
pub mod webhook;

pub use manual::Manual;
pub use routes::Routes;
pub use webhook::Webhooks;
