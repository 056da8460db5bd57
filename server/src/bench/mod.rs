//! `tidemill bench`: drives a server and measures what Postgres itself can do in the same run.
//!
//! Start at [`run()`]: per scenario it makes a `Stage` (a server, the options) and lets `scenario` measure. The generator shares
//! the machine with the server, hence it is cheap: one thread, plain sockets, requests written once. Only answers with status
//! 2xx count. The bulk rate is that of Postgres alone with rows of the same sizes, 500 executions a commit: what a server could
//! reach that cost nothing.

mod api;
mod bulk;
mod connection;
mod error;
mod files;
mod histogram;
mod load;
mod options;
mod report;
mod run;
mod scenario;
mod stage;
mod target;
mod temporary;

pub use error::Error;
pub use options::BenchOptions;
pub use report::{Report, Section};
pub use run::run;
pub use scenario::{Scenario, list};
