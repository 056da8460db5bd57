//! Why what the binary carries can't be used.

use std::io;
use std::path::PathBuf;

/// Why what the binary carries can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system said no.
    #[error("can't {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The archive can't be read.
    #[error("what this binary carries ({title}) is damaged; compare the file with its checksum, and get it again")]
    Damaged {
        /// Its name and version.
        title: String,
        /// The reason.
        source: io::Error,
    },
    /// What was written is not what is read.
    #[error("{} is not what was written there; is the disk in order?", .0.display())]
    Differs(PathBuf),
}

impl Error {
    /// Gives an I/O error its place: `.map_err(Error::io("read", &path))`.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
