//! What can go wrong with the embedded cluster, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why there is no running cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server holds the data directory.
    #[error(
        "{} is in use by another tidemill server{}; stop that one, or start this one with another --data-dir",
        data_dir.display(), pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The data directory.
        data_dir: PathBuf,
        /// The process that holds it, if it said so.
        pid: Option<u32>,
    },
    /// No usable server binaries anywhere.
    #[error(
        "no PostgreSQL 15 or newer found on this machine{}; install one (Debian, Ubuntu: `apt-get install postgresql`), \
         or use a database of your own with --database-url",
        list(rejected)
    )]
    NoBinaries {
        /// What was found and why it could not be used.
        rejected: Vec<String>,
    },
    /// What this binary carries can't be used.
    #[error("the PostgreSQL of this binary can't be unpacked")]
    Assets(#[from] crate::assets::Error),
    /// The directory that was named, or into which ours was unpacked, holds no usable server binaries.
    #[error("{} holds no usable PostgreSQL: {reason}; it must hold `postgres` and `initdb` of version 15 or newer", dir.display())]
    BadBinaries {
        /// The directory.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The cluster was made by a version of which there are no binaries.
    #[error(
        "the data in {} was written by PostgreSQL {wanted}, but only version {} was found; move it to that one with \
         `tidemill upgrade postgres --old-bin-dir DIR`, where DIR holds the programs of PostgreSQL {wanted}, or go on with those: \
         install them (Debian, Ubuntu: `apt-get install postgresql-{wanted}`)",
        cluster.display(), versions(found)
    )]
    WrongVersion {
        /// What Postgres calls the data directory.
        cluster: PathBuf,
        /// The major version that wrote it.
        wanted: u32,
        /// The major versions that were found.
        found: Vec<u32>,
    },
    /// Started as root, and there is nobody else whom Postgres could run as.
    #[error(
        "Postgres refuses to run as root, and there is no account `tidemill`, `postgres` or `nobody` to run it as; \
         make one (`useradd --system tidemill`) or start tidemill as an ordinary user"
    )]
    NoAccount,
    /// The account that Postgres runs as may not enter the data directory.
    #[error(
        "the embedded Postgres runs as user {user}, who may not enter {}; choose a --data-dir outside it, such as \
         /var/lib/tidemill, or allow it with `chmod o+x {}`",
        blocked.display(), blocked.display()
    )]
    Unreachable {
        /// The account.
        user: String,
        /// The directory that stops it.
        blocked: PathBuf,
    },
    /// The cluster belongs to someone else.
    #[error(
        "{} belongs to user id {owner}, but this is user id {user}; start tidemill as that user or as root, \
         or choose another --data-dir",
        path.display()
    )]
    NotOurs {
        /// The path.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// The directory for the socket was there before and is not private to us.
    #[error("{} is not a private directory of this cluster; delete it or use a shorter --data-dir", path.display())]
    SocketDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A program of Postgres said no.
    #[error("{program} failed: {message}")]
    Program {
        /// `initdb` or `postgres`.
        program: &'static str,
        /// The last lines that it said.
        message: String,
    },
    /// Postgres ended while it was starting.
    #[error("Postgres did not start; the end of {}:\n{tail}", log.display())]
    Start {
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Postgres is still starting.
    #[error("Postgres is not ready after {seconds} s; see {}", log.display())]
    StartTimeout {
        /// How long we waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// Processes of this cluster would not end.
    #[error("Postgres processes of this cluster do not end: {pids:?}")]
    Stop {
        /// The processes.
        pids: Vec<u32>,
    },
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
    /// Gives an I/O error its place: `.map_err(Error::io("read", &path))`.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

fn list(rejected: &[String]) -> String {
    if rejected.is_empty() { String::new() } else { format!(" (not usable: {})", rejected.join("; ")) }
}

fn versions(found: &[u32]) -> String {
    found.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}
