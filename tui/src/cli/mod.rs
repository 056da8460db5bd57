//! Commands: `tidemill <verb> …` and `tidemill <noun> <verb> …`, one file each.
//!
//! Start at [`command`]: the list, and which code answers each. [`target`] decides which server is meant, [`session`] is
//! what every command has at hand, [`output`] prints, [`follow`] watches an execution over lost connections, [`demo`] is
//! the main job on real input. Commands talk to servers through [`crate::client`] only.

mod about;
mod activate;
mod apply;
mod approve;
mod audit;
mod billing;
mod bulk;
mod cancel;
mod code;
mod command;
mod complete;
mod config;
mod credential;
mod ctx;
mod delete;
mod demo;
mod describe;
mod diagnostics;
mod diff;
mod dlq;
mod editor;
mod environment;
mod error;
mod event_line;
mod exit;
mod follow;
mod get;
mod globals;
mod invite;
mod login;
mod logs;
mod member;
mod metrics;
mod named;
mod nouns;
mod org;
mod output;
mod pause;
mod payload;
mod people;
mod plan;
mod prompt;
mod quota;
mod raw;
mod reference;
mod retry;
mod schedule;
mod secret;
mod session;
mod share;
mod source;
mod start;
mod subscription;
mod target;
mod terminal;
mod time;
mod token;
mod trigger;
mod user;
mod validate;
mod watch;
mod why;
mod workspace;

pub use command::{Binary, ClientCommand, run};
pub use complete::complete;
pub use error::Error;
pub use exit::Exit;
pub use globals::Globals;
