//! What can go wrong with secrets.

use std::io;
use std::path::PathBuf;

/// Why a secret or the key can't be used. Never carries a part of either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file can't be read or made.
    #[error("the key file {} can't be used", path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read or change the key file.
    #[error("the key file {} is open to others (mode {mode:04o}); run `chmod 600 {}`", path.display(), path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is not a file of 32 bytes.
    #[error(
        "the key file {} is not a file of 32 bytes, so it is not a Tidemill key; restore it from a backup (deleting it makes the stored secrets unreadable)",
        path.display()
    )]
    NotAKey {
        /// The key file.
        path: PathBuf,
    },
    /// The database was set up with a key that this server doesn't have.
    #[error(
        "the secrets in this database are sealed with key {version}, and there is no {}; restore it from a backup, or copy it from another node's data directory",
        path.display()
    )]
    MissingKey {
        /// The version of the key.
        version: i16,
        /// Where it should be.
        path: PathBuf,
    },
    /// The key file is not the one that the database was set up with.
    #[error(
        "the key file {} is not the one that the secrets in this database are sealed with; restore it from a backup, or copy it from another node's data directory",
        path.display()
    )]
    WrongKey {
        /// The key file.
        path: PathBuf,
    },
    /// The ciphertext doesn't belong to this key, workspace and name, or it was changed.
    #[error("the {what} can't be decrypted: its row was changed or moved; store it again")]
    Refused {
        /// What it is, with its name.
        what: String,
    },
}
