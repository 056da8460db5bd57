//! What `tidemill bench` asks of Postgres directly: a measure to compare with, rows by the million, proofs from the events.

mod bulk_insert;
mod many_executions;
mod statement_log;
mod timers;

pub use bulk_insert::{BulkInsert, EventShapes};
pub use many_executions::many_executions;
pub use statement_log::log_statements;
pub use timers::{TimersRow, timers};
