//! When a schedule fires: cron expressions in a time zone, intervals, one instant; what happens to instants that were missed; and
//! an explanation of it all.
//!
//! A schedule is a set of instants that depends on nothing but the schedule: whoever asks, and whenever, gets the same ones. That
//! makes an instant the name of a firing, so that none happens twice. Start at [`Schedule`].

mod cron;
#[cfg(test)]
mod cron_tests;
mod explain;
mod jitter;
mod missed;
mod timing;
#[cfg(test)]
mod timing_tests;
mod zone;

pub use explain::{Change, Explanation, explain};
pub use missed::{CatchUp, Missed};
pub use timing::{Draft, Schedule, ScheduleError};
pub(in crate::domain) use zone::instant;
pub use zone::{local_time, timezone};
