//! Does the work of one step. Never sees the store.

pub mod http;
pub mod outbound;
