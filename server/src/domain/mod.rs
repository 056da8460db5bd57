//! Pure decisions: no I/O, no clock, no randomness; `now` and ids are arguments.
//!
//! Start at [`execution`] for what happens next in an execution, at [`workflow`] for how a file becomes a plan.

pub mod billing;
pub mod cause;
pub mod credential;
pub mod duration_histogram;
pub mod execution;
pub mod file;
pub mod json;
pub mod known_secrets;
pub mod mask;
pub mod masker;
pub mod payload;
pub mod schedule;
pub mod sensitive;
pub mod signature;
pub mod subscription;
pub mod trace;
pub mod workflow;
