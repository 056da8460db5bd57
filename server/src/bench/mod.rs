//! `tidemill bench`: drives a server and measures what Postgres itself can do in the same run.
//!
//! Start at [`run`]. The generator shares the machine with the server, hence it is cheap: one thread, plain sockets, requests
//! written once. Only answers with status 200 count. The bulk rate is that of Postgres alone with rows of the same sizes, 500
//! executions a commit: what a server could reach that cost nothing.

mod bulk;
mod connection;
mod error;
mod histogram;
mod load;
mod options;
mod report;
mod run;
mod scenario;
mod target;

pub use error::Error;
pub use options::{BenchOptions, Scenario};
pub use report::Report;
pub use run::run;
