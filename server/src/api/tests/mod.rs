//! The API against a real Postgres, without a socket: requests go straight to [`routes`](super::routes).

mod app;
mod audit;
mod document;
mod door;
mod execution;
mod idempotency;
mod people;
mod problems;
mod tenants;
mod workflow;

pub use app::{Answer, PASSWORD, TestApp};
