//! Why there are no figures.

use std::io;
use std::path::PathBuf;

/// What can go wrong with a bench.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's address is not one that we can drive.
    #[error("`{0}` is not an address of the form http://HOST:PORT; the bench speaks plain HTTP only")]
    Url(String),
    /// A server was named without a token.
    #[error("--url needs --token (or TIDEMILL_TOKEN): the bench installs its workflow by itself")]
    NoToken,
    /// The scenario looks into the database.
    #[error("the scenario `{0}` looks into the database: name the server's Postgres with --postgres-url, or leave out --url")]
    NeedsPostgres(String),
    /// The scenario starts servers itself.
    #[error("the scenario `{0}` starts and watches servers of its own: leave out --url")]
    NeedsOwnServer(String),
    /// Executions did not end.
    #[error("the executions did not end within {} s", .0.as_secs())]
    Unfinished(std::time::Duration),
    /// What the server did is wrong, whatever its speed.
    #[error("the server did something wrong: {0}")]
    Wrong(String),
    /// No connection, or it broke.
    #[error("no connection to {address}")]
    Connection {
        /// Host and port.
        address: String,
        /// The reason.
        source: io::Error,
    },
    /// The server answered something else than 200.
    #[error("the server answered {status} to {request}: {body}")]
    Answer {
        /// Method and path.
        request: String,
        /// The HTTP status.
        status: u16,
        /// The body, cut.
        body: String,
    },
    /// The server's answer is not HTTP that we understand.
    #[error("the server's answer can't be read: {0}")]
    Protocol(&'static str),
    /// The temporary server did not become ready.
    #[error("the temporary server did not become ready; the end of its log:\n{0}")]
    NotReady(String),
    /// The server's Postgres did not do what was asked of it directly.
    #[error("the server's Postgres can't be measured")]
    Database(#[from] crate::store::Error),
    /// A WebSocket broke.
    #[error("a WebSocket broke")]
    Follower(#[source] Box<tokio_tungstenite::tungstenite::Error>),
    /// The embedded cluster of the temporary server.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
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
