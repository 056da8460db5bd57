//! Use cases, one file per noun: authorisation and orchestration. No SQL, no HTTP.
//!
//! Each noun is a struct that holds only what it needs; `api` holds one of them per tag. What starts executions and takes orders about them
//! is behind [`engine::Engine`].

mod access;
mod account;
mod approval;
mod audit;
pub mod bootstrap;
mod bulk;
mod bulk_round;
mod code;
mod credential;
mod dead_letter;
mod device;
pub mod engine;
mod error;
mod execution;
mod execution_control;
mod execution_detail;
mod execution_metrics;
mod execution_retry;
mod execution_why;
mod health;
mod idempotency;
mod invite;
mod member;
mod node;
mod organization;
mod page;
mod password;
mod people;
mod purge;
mod replay;
mod schedule;
mod second_factor;
mod secret;
mod share;
mod sign_in;
mod subscription;
mod subscription_round;
mod token;
mod trigger;
mod workflow;
mod workflow_activation;
mod workflow_apply;
mod workflow_cycle;
mod workflow_view;
mod workspace;

pub use audit::AuditLog;
pub use bulk::BulkOrders;
pub use bulk_round::BulkRounds;
pub use code::Code;
pub use credential::Credentials;
pub use dead_letter::{DeadLetterQuery, DeadLetters};
pub use device::DeviceAnswer;
pub use error::{DeviceError, Error};
pub use execution::{ExecutionQuery, Executions};
pub use execution_detail::detail as execution_detail;
pub use health::Health;
pub use idempotency::{Begun, Idempotency, IdempotentRequest, KeptReply, Taken};
pub use node::Nodes;
pub use page::PageRequest;
pub use people::{People, PeopleParts};
pub use purge::purge;
pub use replay::Replays;

pub use crate::store::queries::audit_log::AuditFilter;
pub use crate::store::queries::dead_letter::DeadLetterFilter;
pub use schedule::Schedules;
pub use secret::{SecretChanged, Secrets};
pub use subscription::Subscriptions;
pub use subscription_round::SubscriptionRounds;
pub use token::Tokens;
pub use trigger::Triggers;
pub use workflow::{Activated, IfMatch, Workflows};
pub use workflow_view::outline as workflow_outline;
