//! Secrets of a workspace, encrypted at rest with AES-256-GCM (NIST SP 800-38D).
//!
//! Only this room sees the key. It lives in a file of the data directory, never in the database, so that a dump of the
//! database alone reveals nothing. Start at [`Vault`].

mod error;
mod key;
mod resume;
mod vault;

pub use error::Error;
pub use key::{KEY_BYTES, KEY_FILE};
pub use resume::Resume;
pub use vault::{Sealed, Vault};
