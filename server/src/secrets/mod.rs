//! Secrets and credentials of a workspace, encrypted at rest with AES-256-GCM (NIST SP 800-38D), in an envelope.
//!
//! Each workspace has a data key that seals its secrets. The data keys lie in the database, sealed with the key of the server,
//! which lies in a file of the data directory and never in the database: a dump of the database alone reveals nothing, and a
//! new server key means sealing only the data keys anew. Only this room sees the keys. Start at [`Keeper`]; [`Vault`] encrypts,
//! and [`server_key`] says which key of the server is the right one.

mod account_key;
mod error;
mod keeper;
mod key;
mod resume;
mod sealed;
pub mod server_key;
mod vault;

pub use account_key::AccountKey;
pub use error::Error;
pub use keeper::{Keeper, SecretError};
pub use key::{KEY_BYTES, KEY_FILE, is_key_file, key_files};
pub use resume::Resume;
pub use sealed::{DataKey, Sealed, Subject};
pub use vault::Vault;
