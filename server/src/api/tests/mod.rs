//! The API against a real Postgres, without a socket: requests go straight to [`routes`](super::routes).

mod app;
mod document;
mod door;
mod execution;
mod idempotency;
mod problems;
mod workflow;

pub use app::{Answer, TestApp};
