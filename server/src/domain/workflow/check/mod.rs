//! From the tree to the plan: every rule of the file, all violations at once.
//!
//! [`workflow`] is the way in. `graph` knows which step ends before which, `expressions` what an expression may read there.

mod expressions;
mod graph;
mod http;
mod ids;
mod retry;
mod steps;
mod triggers;
mod waits;
mod webhooks;
mod workflow;

pub(super) use workflow::workflow;
