//! The memory that this node gives to large payloads, and the thread that handles them.
//!
//! Whoever holds a large payload holds a [`Share`] of the [`Budget`]: a delivery while it is taken in, an attempt from the
//! moment at which its answer turns out to be large, an execution while its payloads are open. Whoever holds nothing yet
//! waits for its turn, in order. Whoever holds something never waits for more: it may overdraw, or two that hold something
//! would wait for each other for ever. Who holds payloads that can be read again lets go of them when others wait.

mod account;
mod press;

pub use account::{Budget, HANDLED, Share};
