//! Why a selftest could not come to a verdict.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a selftest. A broken promise is no error: the report tells of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory is somebody's.
    #[error("{} is not empty: a selftest needs a directory of its own", .0.display())]
    NotEmpty(PathBuf),
    /// The server did not become ready.
    #[error("the server did not become ready {when}; the end of its log:\n{log}")]
    NotReady {
        /// Before the first fault, or after which.
        when: String,
        /// The end of the log.
        log: String,
    },
    /// The server refused the workflows.
    #[error("the server answered {status} to {request}: {body}")]
    Answer {
        /// Method and path.
        request: String,
        /// The HTTP status.
        status: u16,
        /// The body, cut.
        body: String,
    },
    /// A request to the server got no answer.
    #[error("no answer from the server")]
    Exchange(#[from] crate::runner::outbound::Error),
    /// The client can't be made.
    #[error("the HTTP client can't be made")]
    Client(#[from] reqwest::Error),
    /// Something is still under way long after the last fault.
    #[error("{open} executions are still under way {seconds} s after the last fault; the data is kept in {}", dir.display())]
    Restless {
        /// How many.
        open: i64,
        /// How long we waited.
        seconds: u64,
        /// Where it can be looked at.
        dir: PathBuf,
    },
    /// The database can't be read for the verdict.
    #[error("the database can't be read")]
    Store(#[from] crate::store::Error),
    /// The embedded cluster.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// A task of the selftest ended abnormally.
    #[error("a task of the selftest ended abnormally")]
    Stopped(#[from] tokio::task::JoinError),
    /// No seed.
    #[error("the system gives no random numbers; choose a --seed")]
    Seed(#[source] io::Error),
    /// The operating system said no.
    #[error("can't {action} {}", path.display())]
    Io {
        /// What we tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl Error {
    /// Gives an I/O error its place.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
