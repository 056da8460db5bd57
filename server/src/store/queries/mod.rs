//! Queries, one file per aggregate. Each takes a connection inside a transaction of `Database`; each names the workspace in
//! its conditions although row-level security does so as well: two locks on the same door.

pub mod account;
pub mod audit;
pub mod bench;
pub mod bulk_order;
pub mod condition;
pub mod control;
pub mod credential;
pub mod dead_letter;
pub mod execution;
pub mod feed;
pub mod idempotency;
pub mod journal;
pub mod node;
pub mod partition;
pub mod pulse;
pub mod queue;
pub mod replay;
pub mod rollup;
pub mod schedule;
pub mod sealed;
pub mod secret;
pub mod step_wait;
pub mod token;
pub mod version;
pub mod watch;
pub mod why;
pub mod workflow;
pub mod workflow_version;
pub mod workspace;
