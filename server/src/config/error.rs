//! What can be wrong with the configuration.

use std::io;
use std::path::PathBuf;

/// Why the configuration can't be used; each says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("the configuration file {} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML, or a value has the wrong type.
    #[error("the configuration file {} is wrong: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        message: String,
    },
    /// The file has a key that doesn't exist.
    #[error("{}:{line}: there is no setting `{key}`; {hint}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line of the key; 1 is the first.
        line: usize,
        /// The key.
        key: String,
        /// What was probably meant, or everything that there is.
        hint: String,
    },
    /// The file in the data directory names another data directory.
    #[error("{}: `data_dir` can't be set in the data directory's own file; use --data-dir or TIDEMILL_DATA_DIR", path.display())]
    DataDirInside {
        /// The file.
        path: PathBuf,
    },
    /// There is no place for the data.
    #[error("there is no home directory for the data; set --data-dir or TIDEMILL_DATA_DIR")]
    NoDataDir,
    /// A value is out of its range.
    #[error("`{key}` must be {expected}, not {value}")]
    OutOfRange {
        /// The setting.
        key: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        value: String,
    },
}
