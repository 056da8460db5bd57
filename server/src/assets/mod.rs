//! What this binary carries besides itself: `PostgreSQL`, and the standard library of the `CPython` that is linked into it.
//!
//! A binary made by `make dist` (feature `bundled`) has both as archives; any other has neither and uses the machine's. They are
//! unpacked below one directory, `assets` of the data directory, each into a directory named by the hash of its manifest: servers
//! of several versions share what is the same and leave each other's alone. Nothing there is believed: [`Asset::unpacked_in`]
//! compares every file with the manifest, which is part of the binary, and writes what is missing or not as it should be.

mod asset;
mod error;
mod manifest;
#[cfg(test)]
mod tests;

pub use asset::Asset;
pub use error::Error;

use std::path::{Path, PathBuf};

/// `PostgreSQL`, as `packaging/bundle` arranges it.
pub static POSTGRES: Option<Asset> = bundled::POSTGRES;

/// The home directory of `CPython`, with time zones.
pub static PYTHON: Option<Asset> = bundled::PYTHON;

/// The name of that directory.
pub const DIRECTORY: &str = "assets";

/// Where a server with this data directory keeps what is unpacked.
#[must_use]
pub fn place_in(data_dir: &Path) -> PathBuf {
    data_dir.join(DIRECTORY)
}

/// The home directory of `CPython` below `place`, if this binary carries one. Blocks.
///
/// # Errors
/// Every [`Error`].
pub fn python_home(place: &Path) -> Result<Option<PathBuf>, Error> {
    PYTHON.as_ref().map(|python| python.unpacked_in(place)).transpose()
}

/// What is carried, by name and version: `PostgreSQL 18.6`.
#[must_use]
pub fn titles() -> Vec<&'static str> {
    [&POSTGRES, &PYTHON].into_iter().flatten().map(Asset::title).collect()
}

#[cfg(feature = "bundled")]
mod bundled {
    use super::Asset;

    /// The files of `packaging/bundle`; `build/python.rs` says where they are.
    macro_rules! carried {
        ($name:literal) => {
            Some(Asset::new(
                $name,
                include_str!(concat!(env!("TIDEMILL_BUNDLE"), "/", $name, ".manifest")),
                include_bytes!(concat!(env!("TIDEMILL_BUNDLE"), "/", $name, ".tar.zst")),
            ))
        };
    }

    pub(super) const POSTGRES: Option<Asset> = carried!("postgres");
    pub(super) const PYTHON: Option<Asset> = carried!("python");
}

#[cfg(not(feature = "bundled"))]
mod bundled {
    use super::Asset;

    pub(super) const POSTGRES: Option<Asset> = None;
    pub(super) const PYTHON: Option<Asset> = None;
}
