//! Group commit: the only way in which an execution changes.
//!
//! A writer is an OS thread with its own connection. It takes one command and whatever else is waiting, writes it all with
//! one statement per kind, commits once, and answers every waiter. At low load a batch is one command; under load the
//! batch grows by itself. Start at [`Journal`] for what callers do, at `writer` for how a batch is written.

mod batch;
mod command;
mod encode;
mod wait;
mod writer;

pub use batch::Committed;
pub use command::{Admission, Admitted, Append, Delivery, Error, Lease, Next, Rate, Refused, Slot};
pub use encode::decode;
pub use writer::{Journal, Observer};
