//! One binary for all tests that cross rooms.
//!
//! Each file is a topic; everything goes through the real binary. What the topics share: [`scene`] (a server with workflows
//! on it), [`endpoint`] (an HTTP server that workflows call), [`audit`] (what must hold in the database at the end).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]

mod audit;
mod bench;
mod clients;
mod endpoint;
mod execution;
mod recovery;
mod sandbox;
mod scene;
mod tidy;
mod webhook;
mod workflow_lifecycle;
