//! Screens that list things of one kind, read by request: a subject is a file here and a line in [`Subject`]. How such a screen
//! moves, filters, sorts, marks and is drawn is the same for all of them.

mod approvals;
mod audit;
mod credentials;
mod customers;
mod dead_letters;
mod deliveries;
mod entry;
mod invites;
mod invoices;
mod members;
mod metrics;
mod nodes;
mod orders;
mod organizations;
mod plans;
mod quota;
mod refused;
mod screen;
mod secrets;
mod server;
mod sessions;
mod shares;
mod subject;
mod subscriptions;
#[cfg(test)]
mod tests;
mod tokens;
mod triggers;
mod usage;
mod users;
mod workspaces;

pub use audit::{AuditFilter, WHOLE};
pub use customers::SPANS;
pub use entry::{Cell, Column, Entry, Fact, Line, Opens, Value, moment};
pub use nodes::summary as nodes_summary;
pub use plans::{excess, price, way};
pub use quota::{full_at, ratio};
pub use screen::{EVERY, Listing, Sort};
pub use subject::Subject;
pub use users::role as organization_role;
