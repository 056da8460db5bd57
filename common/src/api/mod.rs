//! Wire types of the HTTP API and the WebSocket, one file per tag.
//!
//! serde is what clients use; the server derives the OpenAPI schema of the same types behind the `openapi` feature, and
//! a test holds the two together.

pub mod account;
pub mod approval;
pub mod audit;
pub mod billing;
pub mod billing_subscription;
pub mod bulk;
pub mod code;
pub mod control;
pub mod credential;
pub mod dead_letter;
pub mod event;
pub mod execution;
pub mod health;
pub mod member;
pub mod metrics;
pub mod node;
pub mod organization;
pub mod plan;
pub mod quota;
pub mod refused_delivery;
pub mod schedule;
pub mod secret;
pub mod session;
pub mod share;
pub mod stream;
pub mod subscription;
pub mod token;
pub mod trigger;
pub mod why;
pub mod workflow;
pub mod workspace;
