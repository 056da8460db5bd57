//! Why a server could not start, or stopped.

use std::path::PathBuf;

/// Why a server could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither an embedded cluster nor a URL.
    #[error("there is no database: neither an embedded cluster nor a database URL")]
    NoDatabase,
    /// The embedded cluster.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// What this binary carries.
    #[error("the standard library of Python can't be unpacked")]
    Assets(#[from] crate::assets::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// The first account.
    #[error("the first account can't be made")]
    Bootstrap(#[from] crate::app::Error),
    /// A restore was cut off.
    #[error("a restore into {} was cut off, and what is there is only a part: remove it and restore again", .0.display())]
    Unfinished(PathBuf),
    /// The key of the server.
    #[error(transparent)]
    Secrets(#[from] crate::secrets::SecretError),
    /// The outbound client.
    #[error("the outbound HTTP client can't be made")]
    Outbound(#[from] reqwest::Error),
    /// The file with certificate authorities.
    #[error("the file {} of `outbound_ca` has no certificates that can be read", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate of the listener.
    #[error(transparent)]
    Certificate(#[from] super::CertificateError),
    /// A file of the data directory.
    #[error("{} can't be written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address.
    #[error("can't listen on {address}; choose another with --listen")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A thread.
    #[error("a thread can't be started")]
    Thread(#[source] std::io::Error),
    /// Signals.
    #[error("signals can't be received")]
    Signals(#[source] std::io::Error),
    /// A task ended abnormally.
    #[error("a task of the start ended abnormally")]
    Stopped(#[source] tokio::task::JoinError),
    /// The HTTP server.
    #[error("the HTTP server failed")]
    Http(#[source] std::io::Error),
}
