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
    /// The secret was sealed with a key version that this server doesn't have.
    #[error("the secret `{name}` was sealed with key version {key_version}, which this server doesn't have")]
    UnknownKeyVersion {
        /// The secret's name.
        name: String,
        /// The version that is missing.
        key_version: i16,
    },
    /// The ciphertext doesn't belong to this key, workspace and name, or it was changed.
    #[error(
        "the secret `{name}` can't be decrypted: either the key file is not the one it was stored with, or its row was changed; restore the key file or store the secret again"
    )]
    Refused {
        /// The secret's name.
        name: String,
    },
}
