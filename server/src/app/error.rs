//! Why a use case came to nothing.

use thiserror::Error as ThisError;
use tidemill_common::api::plan::Feature;
use tidemill_common::api::quota::{Quota, UPGRADE};
use tidemill_common::api::workflow::Diagnostic;
use tidemill_common::api::workspace::Role;

use super::engine::EngineError;
use crate::auth::{Operation, policy};
use crate::payments::PaymentError;
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
    /// The token's scopes don't cover this.
    #[error("this token's scopes don't cover it: it needs one such as `{noun}:{verb}`", noun = .0.noun(), verb = if .0.reads() { "read" } else { "write" })]
    OutOfScope(Operation),
    /// The caller administers neither the organisation nor the server.
    #[error("this is for admins of {}", match .0 { policy::Scope::Server => "the organisation that runs this server", _ => "the organisation" })]
    NotOrganizationAdmin(policy::Scope),
    /// The address, password or code is wrong; nobody is told which.
    #[error("the e-mail address, the password or the code is wrong")]
    SignInFailed,
    /// The password is right, and the account asks for a code as well.
    #[error("this account has a second factor: send its `code`, or a recovery code")]
    SecondFactorNeeded,
    /// Too many attempts failed.
    #[error("too many attempts have failed: try again in {retry_after} s")]
    TooManyAttempts {
        /// Seconds until the next one.
        retry_after: u64,
    },
    /// A device is not signed in (yet).
    #[error("{0}")]
    Device(DeviceError),
    /// The step says who may decide about it, and the caller is none of them.
    #[error("{0}")]
    NotAnApprover(String),
    /// The organization's plan allows no more of it.
    #[error("{0}")]
    QuotaExceeded(Quota),
    /// The organization's plan doesn't have it.
    #[error("the organization's plan doesn't have `{}`: plans that do are listed at {UPGRADE}", .0.as_str())]
    NotInPlan(Feature),
    /// Whoever sent it is not who it says.
    #[error("the signature is wrong, missing or old")]
    SignatureInvalid,
    /// Stripe did not do it.
    #[error("{0}")]
    Payment(PaymentError),
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
    /// The operator hasn't allowed the runtime that the code asks for.
    #[error("{0}")]
    RuntimeNotAllowed(&'static str),
    /// This server can't lock code up well enough.
    #[error("{0}")]
    SandboxUnavailable(String),
    /// A fault of the server itself.
    #[error("{0}")]
    Internal(String),
}

/// Why a device gets no session (RFC 8628 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
pub enum DeviceError {
    /// Nobody has answered yet.
    #[error("nobody has entered the code yet: ask again")]
    Pending,
    /// It asks too often.
    #[error("ask less often: wait five seconds longer")]
    SlowDown,
    /// Somebody refused it.
    #[error("the sign-in was refused")]
    Denied,
    /// The code is unknown or over.
    #[error("the code is unknown or has ended: begin again")]
    Expired,
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
