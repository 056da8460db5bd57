//! What can be wrong with the configuration.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use super::Origin;

/// Why the configuration can't be used; each says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than one thing is wrong.
    #[error("{}", lines(.0))]
    Several(Vec<Error>),
    /// The file can't be read.
    #[error("the configuration file {} can't be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: this is not TOML: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line; 1 is the first.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A value in the file has the wrong type or form.
    #[error("{}:{line}: `{key}`: {message}; it is: {about}", path.display())]
    WrongValue {
        /// The file.
        path: PathBuf,
        /// The line; 1 is the first.
        line: usize,
        /// The setting.
        key: String,
        /// What is wrong.
        message: String,
        /// What the setting is.
        about: String,
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
    /// The machine's file names a data directory that has a file of its own.
    #[error("there are two configuration files, {} and {}; keep one, or name one with --config", first.display(), second.display())]
    TwoFiles {
        /// The machine's.
        first: PathBuf,
        /// The data directory's.
        second: PathBuf,
    },
    /// There is no place for the data.
    #[error("there is no home directory for the data; set --data-dir or TIDEMILL_DATA_DIR")]
    NoDataDir,
    /// A value is not what it may be.
    #[error("{place}: `{key}` must be {expected}, not {value}")]
    OutOfRange {
        /// Where it was set.
        place: Origin,
        /// The setting.
        key: &'static str,
        /// What it may be, with its unit.
        expected: String,
        /// What it is.
        value: String,
    },
}

impl Error {
    /// All of `errors` as one; `None` when there is none.
    pub(super) fn all(mut errors: Vec<Self>) -> Option<Self> {
        if errors.len() < 2 { errors.pop() } else { Some(Self::Several(errors)) }
    }

    /// Each mistake by itself.
    #[must_use]
    pub fn each(self) -> Vec<Self> {
        match self {
            Self::Several(errors) => errors,
            one => vec![one],
        }
    }

    /// The value of `key` is not what it may be; where it was set is said by [`Self::placed`].
    pub(super) fn wrong(key: &'static str, expected: String, value: impl Display) -> Self {
        Self::OutOfRange { place: Origin::Default, key, expected, value: value.to_string() }
    }

    /// The same, with the place where the value was set.
    pub(super) fn placed(self, origins: &BTreeMap<String, Origin>) -> Self {
        match self {
            Self::OutOfRange { key, expected, value, .. } => {
                let place = origins.get(key).cloned().unwrap_or(Origin::Default);
                Self::OutOfRange { place, key, expected, value }
            }
            Self::Several(errors) => Self::Several(errors.into_iter().map(|error| error.placed(origins)).collect()),
            other => other,
        }
    }
}

/// A line for each, with what is behind it.
fn lines(errors: &[Error]) -> String {
    let line = |error: &Error| {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("  {error}{cause}")
    };
    format!("{} mistakes in the configuration:\n{}", errors.len(), errors.iter().map(line).collect::<Vec<_>>().join("\n"))
}
