//! Screens that list things of one kind, read by request: a subject is a file here and a line in [`Subject`]. How such a screen
//! moves, filters, sorts, marks and is drawn is the same for all of them.

mod approvals;
mod dead_letters;
mod entry;
mod metrics;
mod screen;
mod secrets;
mod server;
mod subject;
#[cfg(test)]
mod tests;
mod tokens;
mod triggers;

pub use entry::{Cell, Column, Entry, Opens, Value, moment};
pub use screen::{EVERY, Listing, Sort};
pub use subject::Subject;
