//! What `tidemill bench` asks of Postgres directly: a measure to compare with, rows by the million, proofs from the events.

mod bulk_insert;
mod many_executions;
mod old_day;
mod run_in;
mod statement_log;
mod timers;

pub use bulk_insert::{BulkInsert, EventShapes};
pub use many_executions::many_executions;
pub use old_day::{drop_day, fill_day};
pub use run_in::run_in;
pub use statement_log::log_statements;
pub use timers::{TimersRow, timers};
