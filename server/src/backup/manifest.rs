//! What a backup says of itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::Facts;

/// The newest format of backups that this binary knows.
pub(super) const FORMAT: u32 = 1;

/// What a backup says of itself: `manifest.json`. Fields are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of the file.
    pub format: u32,
    /// The version of Tidemill that made it.
    pub tidemill: String,
    /// The version of Postgres that the database is of.
    pub postgres: String,
    /// The moment that it shows, by the clock of the database.
    pub at: DateTime<Utc>,
    /// The database's size on its disk then, in bytes.
    pub database_bytes: i64,
    /// The copy of the database.
    pub dump: Part,
    /// The key files that are in it.
    #[serde(default)]
    pub keys: Vec<Part>,
    /// What the database must have.
    #[serde(flatten)]
    pub facts: Facts,
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}
