//! HTTP and WebSocket client of the API: one method per endpoint, typed with `tidemill_common::api`.
//!
//! Start at [`http`]: how a request is sent, repeated and answered. The methods live one file per tag ([`account`],
//! [`workflow`], [`trigger`], [`execution`], [`secret`], [`code`], [`people`], [`organization`]); [`stream`] reads the
//! WebSockets and [`link`] keeps one alive. Nothing here
//! prints, reads the environment or knows a terminal.

mod account;
mod approval;
mod backoff;
mod billing;
mod bulk;
mod code;
mod credential;
mod dead_letter;
mod error;
mod execution;
mod http;
mod knock;
pub mod link;
mod organization;
mod people;
mod secret;
mod stream;
mod subscription;
pub mod tls;
mod trigger;
mod workflow;

pub use backoff::Backoff;
pub use dead_letter::DeadLetterQuery;
pub use error::Error;
pub use execution::ExecutionQuery;
pub use http::{Answer, Client, ClientConfig};
pub use organization::AuditQuery;
pub use stream::FrameStream;
pub use workflow::FileFormat;
