//! What arrives: webhook deliveries, schedules, manual starts, failures of other workflows, calls, and events that executions
//! wait for.
//!
//! Each kind of arrival finds its workflow version, makes the `trigger` that expressions see, and goes to admission.

mod active;
pub mod body;
mod call;
mod condition;
mod event;
mod failure;
mod form;
pub mod happening;
pub mod manual;
mod rate;
mod reply;
mod request;
pub mod resume;
mod routes;
pub mod schedule;
mod set_back;
mod surroundings;
pub mod webhook;

pub use call::CallStarts;
pub use condition::Conditions;
pub use event::Events;
pub use failure::FailureStarts;
pub use form::{DELIVERY_FIELD, Shown};
pub use manual::Manual;
pub use reply::Reply;
pub use request::{Request, segments};
pub use resume::Resumes;
pub use routes::{Route, Routes};
pub use surroundings::Surroundings;
pub use webhook::{Body, Webhooks};
