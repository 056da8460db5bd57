//! What can go wrong in a command, which exit code that is, and how it is said.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::exit::Exit;
use crate::app::TuiError;
use crate::client;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server said no, or said nothing.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// The command line asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// No server or token is known.
    #[error("not logged in")]
    NotLoggedIn,
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// A file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has the wrong content.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The terminal or a pipe broke.
    #[error("can't read or write: {0}")]
    Terminal(#[from] io::Error),
    /// The demonstration could not go on.
    #[error("{0}")]
    Demo(String),
}

impl From<TuiError> for Error {
    fn from(error: TuiError) -> Self {
        match error {
            TuiError::NotATerminal | TuiError::Recording(_) | TuiError::Record(..) | TuiError::TooSmall(_) => {
                Self::Usage(error.to_string())
            }
            TuiError::Client(error) => Self::Client(error),
            TuiError::Terminal(error) => Self::Terminal(error),
        }
    }
}

impl Error {
    /// The exit code for this error.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => client_exit(error),
            Self::Usage(_) => Exit::Usage,
            Self::NotLoggedIn => Exit::Unauthenticated,
            Self::NotFound(_) => Exit::NotFound,
            // The reader of our output went away: it has what it wanted.
            Self::Terminal(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
            Self::File { .. } | Self::Content { .. } | Self::Terminal(_) | Self::Demo(_) => Exit::Failure,
        }
    }

    /// Whether there is nobody left to tell.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Terminal(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What to do next, where we know.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotLoggedIn => "run `tidemill login URL`, or on the server's machine add --data-dir DIR",
            Self::Client(client::Error::Unreachable { .. }) => {
                "is the server up, and is this its address? See `tidemill ctx ls`"
            }
            Self::Client(client::Error::Untrusted { .. }) => {
                "if its certificate authority is your own, name its file with --ca; `tidemill login --ca FILE` keeps it"
            }
            Self::Client(error) => match error.status()? {
                401 if error.problem().is_some_and(|problem| problem.code == "unauthenticated") => {
                    "the token or session is unknown, ended or revoked: run `tidemill login`"
                }
                403 => "this needs a token with a higher role, or other scopes",
                412 => "fetch the newest version, look at `tidemill diff -f FILE`, then apply again",
                429 | 502..=504 => "the server has no room at the moment: try again a little later",
                _ => return None,
            },
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// The whole message: this error and what caused it.
    #[must_use]
    pub fn message(&self) -> String {
        let mut message = self.to_string();
        let mut source = match self {
            Self::Client(error) => error.source(),
            _ => None,
        };
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        message
    }

    /// The error as the last line on stderr when the output is JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let problem = match self {
            Self::Client(error) => error.problem(),
            _ => None,
        };
        let retryable = matches!(self, Self::Client(error) if error.is_transient());
        json!({ "error": {
            "code": problem.map_or_else(|| self.code(), |problem| problem.code.as_str()),
            "status": problem.map(|problem| problem.status),
            "message": self.message(),
            "hint": self.hint(),
            "retryable": retryable,
            "request_id": problem.and_then(|problem| problem.request_id.as_deref()),
            "errors": problem.map(|problem| &problem.errors),
        }})
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Client(client::Error::Unreachable { .. }) => "unreachable",
            Self::Client(client::Error::Untrusted { .. }) => "untrusted",
            Self::File { .. } | Self::Content { .. } | Self::Client(client::Error::Authority { .. }) => "file",
            Self::Client(client::Error::InvalidAnswer { .. }) => "invalid_answer",
            Self::Client(_) | Self::Usage(_) => "usage",
            Self::NotLoggedIn => "unauthenticated",
            Self::NotFound(_) => "not_found",
            Self::Terminal(_) => "terminal",
            Self::Demo(_) => "demo",
        }
    }
}

fn client_exit(error: &client::Error) -> Exit {
    let Some(problem) = error.problem() else {
        return match error {
            client::Error::Unreachable { .. } | client::Error::Untrusted { .. } => Exit::Unreachable,
            client::Error::InvalidAnswer { .. } | client::Error::Setup(_) => Exit::Failure,
            _ => Exit::Usage,
        };
    };
    match (problem.code.as_str(), problem.status) {
        ("quota_exceeded", _) | (_, 402) => Exit::Quota,
        (_, 401) => Exit::Unauthenticated,
        (_, 403) => Exit::Forbidden,
        (_, 404) => Exit::NotFound,
        (_, 409 | 412) => Exit::Conflict,
        (_, 429 | 502..=504) => Exit::Unreachable,
        _ => Exit::Failure,
    }
}

#[cfg(test)]
mod tests {
    use tidemill_common::problem::{Code, Problem};

    use super::*;

    fn exit_of(code: Code) -> u8 {
        Error::from(client::Error::Problem(Box::new(Problem::new(code, "x")))).exit().code()
    }

    #[test]
    fn every_problem_has_its_exit_code() {
        for code in Code::ALL {
            let expected = match code {
                Code::Unauthenticated | Code::SignatureInvalid | Code::SignInFailed | Code::SecondFactorNeeded => 4,
                Code::Forbidden => 12,
                Code::NotFound => 5,
                Code::Conflict | Code::VersionMismatch | Code::IdempotencyInFlight => 6,
                Code::Overloaded
                | Code::MemoryShort
                | Code::TooManyAttempts
                | Code::DatabaseUnavailable
                | Code::SandboxUnavailable
                | Code::PaymentFailed
                | Code::Draining => 11,
                Code::QuotaExceeded | Code::NotInPlan => 7,
                _ => 1,
            };
            assert_eq!(exit_of(code), expected, "{}", code.as_str());
        }
    }

    #[test]
    fn errors_of_our_own_have_theirs() {
        let unreachable = client::Error::Unreachable { server: "http://x".into(), source: "refused".into() };
        assert_eq!(Error::from(unreachable).exit(), Exit::Unreachable);
        assert_eq!(Error::Usage("x".into()).exit(), Exit::Usage);
        assert_eq!(Error::NotLoggedIn.exit(), Exit::Unauthenticated);
        assert_eq!(Error::NotFound("x".into()).exit(), Exit::NotFound);
        assert_eq!(Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit(), Exit::Ok);
        let mut quota = Problem::new(Code::Forbidden, "x");
        "quota_exceeded".clone_into(&mut quota.code);
        assert_eq!(Error::from(client::Error::Problem(Box::new(quota))).exit(), Exit::Quota);
    }

    #[test]
    fn the_table_of_codes_is_the_published_one() {
        let codes: Vec<_> = Exit::ALL.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 124, 130]);
    }

    #[test]
    fn json_names_code_status_and_what_to_do() {
        let mut problem = Problem::new(Code::Unauthenticated, "no token");
        problem.request_id = Some("r1".into());
        let value = Error::from(client::Error::Problem(Box::new(problem))).to_json();
        let error = &value["error"];
        assert_eq!((error["code"].as_str(), error["status"].as_u64()), (Some("unauthenticated"), Some(401)));
        assert_eq!((error["request_id"].as_str(), error["retryable"].as_bool()), (Some("r1"), Some(false)));
        assert!(error["hint"].as_str().unwrap().contains("tidemill login"));
    }

    #[test]
    fn the_message_names_the_cause_once() {
        let error = client::Error::Unreachable { server: "http://x".into(), source: "connection refused".into() };
        assert_eq!(Error::from(error).message(), "http://x can't be reached: connection refused");
    }
}
