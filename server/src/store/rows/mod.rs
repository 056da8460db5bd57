//! Rows as they come out of the database, one file per table. They never reach the wire.

pub mod billing;
pub mod billing_subscription;
pub mod bulk_order;
pub mod credential;
pub mod dead_letter;
pub mod event;
pub mod execution;
pub mod idempotency_key;
pub mod invite;
pub mod member;
pub mod organization;
pub mod plan;
pub mod refused_delivery;
pub mod secret;
pub mod session;
pub mod share;
pub mod subscription;
pub mod token;
pub mod trigger;
pub mod user;
pub mod workflow;
pub mod workflow_version;
pub mod workspace;
