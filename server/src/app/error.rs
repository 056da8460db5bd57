//! Why a use case came to nothing.

use thiserror::Error as ThisError;
use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::api::workspace::Role;

use super::engine::EngineError;
use crate::auth::{Caller, Operation, policy};
use crate::secrets::SecretError;
use crate::store;

/// A use case that came to nothing. `Display` is what the client reads; the source is for the log.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The caller's role may not do this.
    #[error("this needs the role `{needed}`, and this token acts as `{has}` in the workspace", needed = word(*.least), has = word(*.role))]
    Forbidden {
        /// The role that the caller has.
        role: Role,
        /// The least role that may.
        least: Role,
    },
    /// The step says who may decide about it, and the caller is none of them.
    #[error("{0}")]
    NotAnApprover(String),
    /// No such thing in the workspace; the same for things of other workspaces.
    #[error("there is no such {0} in this workspace")]
    NotFound(&'static str),
    /// The request contradicts itself or a limit.
    #[error("{0}")]
    Invalid(String),
    /// The present state doesn't allow it.
    #[error("{0}")]
    Conflict(String),
    /// `If-Match` names another version than the present one.
    #[error("{}", match current {
        Some(version) => format!("the newest version is {version}: read it, bring your change into it, and send its ETag as If-Match"),
        None => "the workflow doesn't exist (any more): leave If-Match out to create it".to_owned(),
    })]
    VersionMismatch {
        /// The newest version, if there is a workflow.
        current: Option<i32>,
    },
    /// The workflow file has errors.
    #[error("the workflow file has {} error{}", .0.len(), if .0.len() == 1 { "" } else { "s" })]
    WorkflowInvalid(Vec<Diagnostic>),
    /// The input doesn't fit the workflow's `inputs`.
    #[error("{}", .0.join("; "))]
    InputInvalid(Vec<String>),
    /// The engine could not take it.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The store failed.
    #[error("the database could not do it")]
    Store(#[from] store::Error),
    /// This server can't lock code up well enough.
    #[error("{0}")]
    SandboxUnavailable(String),
    /// A fault of the server itself.
    #[error("{0}")]
    Internal(String),
}

fn word(role: Role) -> &'static str {
    store::rows::member::role_word(role)
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Store(error) => Self::Store(error),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl Error {
    /// Turns "no such row" into "there is no such `noun`".
    pub fn of(noun: &'static str) -> impl Fn(store::Error) -> Self {
        move |error| match error {
            store::Error::NotFound => Self::NotFound(noun),
            other => Self::Store(other),
        }
    }
}

/// Refuses a caller whose role may not do `operation`.
pub(super) fn authorize(caller: &Caller, operation: Operation) -> Result<(), Error> {
    let least = operation.least_role();
    if policy::covers(caller.role, least) { Ok(()) } else { Err(Error::Forbidden { role: caller.role, least }) }
}

/// Refuses text that Postgres can't hold or that is too long or too short to be meant.
pub(super) fn check_text(field: &str, text: &str, longest: usize) -> Result<(), Error> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > longest {
        return Err(Error::Invalid(format!("`{field}` must have 1 to {longest} characters; this one has {length}")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("`{field}` must not hold control characters")));
    }
    Ok(())
}
