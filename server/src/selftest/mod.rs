//! `tidemill selftest`: what this very binary promises, proved on this very machine.
//!
//! Start at [`run()`]. A real server in a directory of its own takes webhooks from several senders and calls an effect server in
//! this process, which notes what really happened. The server, and with `--postgres` its Postgres, is killed again and again at
//! moments that a seed decides. Then it is left alone until nothing is under way, and what senders, effect server and database
//! know is held against each other.

mod audit;
mod checks;
mod effects;
mod error;
mod faults;
mod options;
mod random;
mod report;
mod run;
mod senders;
mod server;
mod wire;
mod workflows;

pub use error::Error;
pub use options::{CrashOptions, Selftest};
pub use report::Report;
pub use run::run;
