//! The last backup, as the data directory remembers it: for the doctor.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Error;

/// The file within the data directory.
const FILE: &str = "last-backup.json";

/// What is remembered of the last backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The moment that it shows.
    pub at: DateTime<Utc>,
    /// The file that was written.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Record {
    pub(super) fn keep(&self, data_dir: &Path) -> Result<(), Error> {
        let path = data_dir.join(FILE);
        let text = serde_json::to_string(self).expect("a record is texts and numbers");
        fs::write(&path, text + "\n").map_err(Error::file("write", &path))
    }
}

/// The last backup that was made of the server in `data_dir` on this machine; `None` when none is known.
#[must_use]
pub fn last_backup(data_dir: &Path) -> Option<Record> {
    serde_json::from_str(&fs::read_to_string(data_dir.join(FILE)).ok()?).ok()
}
