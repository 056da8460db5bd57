//! One binary for all tests that cross rooms.

mod bench;
mod clients;
mod tidy;
