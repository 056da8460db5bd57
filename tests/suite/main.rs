//! One binary for all tests that cross rooms.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod bench;
mod clients;
mod control;
mod dead_letters;
mod tidy;
mod why;
