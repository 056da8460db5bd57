//! What can go wrong between us and a server.

use std::error::Error as StdError;
use std::path::PathBuf;

use tidemill_common::problem::Problem;

/// Any error below the one that we report.
pub type Source = Box<dyn StdError + Send + Sync>;

/// Why a request gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered, and said no.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// No answer: refused, timed out, broken off, or not trusted.
    #[error("{server} can't be reached")]
    Unreachable {
        /// The server's address.
        server: String,
        /// What happened on the way.
        source: Source,
    },
    /// The server showed a certificate that nobody whom we trust has signed for this name and time.
    #[error("the certificate of {server} is not trusted")]
    Untrusted {
        /// The server's address.
        server: String,
        /// Why.
        source: Source,
    },
    /// The file of the certificate authority can't be used.
    #[error("{} has no certificates in PEM that can be read", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Source,
    },
    /// The answer isn't what this client understands.
    #[error("{server} gave an answer that is not understood; is it a Tidemill server, and of this version?")]
    InvalidAnswer {
        /// The server's address.
        server: String,
        /// What is wrong with it.
        source: Source,
    },
    /// The server's address can't be used.
    #[error("`{server}` is not a server address; it should look like http://127.0.0.1:7700")]
    InvalidServer {
        /// What was given.
        server: String,
    },
    /// The token can't be sent.
    #[error("the token has characters that no token has; copy it again")]
    InvalidToken,
    /// The workspace's name can't be sent.
    #[error("`{0}` is not a workspace")]
    InvalidWorkspace(String),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] Source),
}

impl Error {
    /// The problem that the server answered with, if it did.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The HTTP status that the server answered with, if it said no.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }

    /// Whether the same request may work a little later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Problem(problem) => {
                matches!(problem.status, 429 | 502 | 503 | 504) || problem.code == "idempotency_in_flight"
            }
            Self::Unreachable { .. } => true,
            _ => false,
        }
    }

    /// How many seconds the server asked us to wait, if it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.problem().and_then(|problem| problem.retry_after)
    }
}
