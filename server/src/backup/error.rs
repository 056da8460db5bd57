//! Why a backup was not made, proved or restored.

use std::io;
use std::path::PathBuf;

/// Why a backup was not made, proved or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file.
    #[error("can't {action} {}", path.display())]
    File {
        /// What was to be done.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is a file already where the backup was to be written.
    #[error("{} exists already; name another file", .0.display())]
    Exists(PathBuf),
    /// The file is no backup, or only a part of one.
    #[error("{} is no whole backup: {what}", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A newer Tidemill made it.
    #[error(
        "the backup has format {found}, this binary knows {known}: take the Tidemill {version} that made it, or a newer one"
    )]
    Newer {
        /// The backup's format.
        found: u32,
        /// The newest that is known.
        known: u32,
        /// The version that made it.
        version: String,
    },
    /// What was restored is not what was backed up.
    #[error("the backup does not hold what it says: {0}")]
    Differs(String),
    /// There is something where the backup was to be restored.
    #[error("{} is not empty ({found} is there); a restore needs an empty data directory: name another with --data-dir, or move this one away", path.display())]
    NotEmpty {
        /// The data directory.
        path: PathBuf,
        /// The first thing that was found there.
        found: String,
    },
    /// There is no server whose database could be copied.
    #[error("no server runs in {}: start it (a backup is made while it runs), or name its --data-dir", .0.display())]
    NotRunning(PathBuf),
    /// There is no embedded cluster.
    #[error("there is no Postgres cluster in {}; name the server's directory with --data-dir. A Postgres elsewhere is upgraded by its own tools", .0.display())]
    NoCluster(PathBuf),
    /// There is no newer Postgres on the machine.
    #[error(
        "the cluster is one of PostgreSQL {from}, and only version {to} was found; name the directory of a newer one with --postgres-bin"
    )]
    NothingNewer {
        /// The version of the cluster.
        from: u32,
        /// The newest that was found.
        to: u32,
    },
    /// The embedded cluster, or Postgres' programs.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// The database.
    #[error("the database of the backup")]
    Store(#[from] crate::store::Error),
    /// A thread ended abnormally.
    #[error("a thread of the backup ended abnormally")]
    Thread,
}

impl Error {
    /// For `map_err`: what was to be done with `path`.
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
