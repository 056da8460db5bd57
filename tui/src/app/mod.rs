//! The full-screen TUI: pure state, update and view; effects outside.
//!
//! A key press becomes an [`event`], which [`update`] turns into a changed [`state`] and [`effect`]s; [`view`] draws the
//! state. `runner` owns terminal and channels and is the only place where these meet the world. What the TUI shows about
//! executions changes only on events of the server (or a snapshot, which is their fold).

pub mod action;
mod backend;
mod clipboard;
pub mod effect;
mod effects;
pub mod event;
pub mod keymap;
mod options;
mod runner;
pub mod state;
mod terminal;
pub mod update;
pub mod view;

pub use options::{Surroundings, TuiError, TuiOptions};
pub use runner::run;
