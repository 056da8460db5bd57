//! Billing, decided: when a period begins and ends, what a change of plans costs, what happens at an end.

mod end;
mod period;
mod price;

pub use end::{Due, due};
pub use period::{Period, period_at};
pub use price::{format_cents, prorated};
