//! One binary for all tests that cross rooms.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first thing that is not as it should be")]

mod clients;
mod sandbox;
mod tidy;
