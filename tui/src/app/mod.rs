//! The full-screen TUI: pure state, update and view; effects outside.
//!
//! A key press becomes an [`event`], which [`update`] turns into a changed [`state`] and [`effect`]s; [`view`] draws the
//! state. `runner` owns terminal and channels and is the only place where these meet the world. What the TUI shows about
//! executions changes only on events of the server (or a snapshot, which is their fold).

mod action;
mod backend;
#[cfg(test)]
mod bytes;
mod capture;
mod clipboard;
mod data;
mod effect;
mod effects;
mod event;
mod given;
mod keymap;
mod measure;
#[cfg(test)]
mod operations_tests;
mod options;
mod order;
mod picture;
mod replay;
mod runner;
mod session;
mod state;
mod tape;
mod terminal;
mod update;
mod view;

pub use capture::{Wanted, capture, keys};
pub use measure::measure;
pub use options::{TuiError, TuiOptions};
pub use picture::{svg, text};
pub use replay::replay;
pub use runner::run;
pub use view::Colors;
