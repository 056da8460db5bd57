//! The terminal front end: the full-screen TUI and the command line, two faces of one API client.
//!
//! Start at [`client`] for how we talk to a server, at [`cli`] for commands, at [`app`] for the TUI.

pub mod app;
pub mod cli;
pub mod client;
