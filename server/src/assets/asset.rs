//! One archive inside this binary, and how its files come to lie on the disk.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Error;
use super::manifest::{Manifest, make_directory};

/// Digits of the manifest's hash in the name of a directory.
const DIGITS: usize = 16;

/// A tree of files inside this binary.
pub struct Asset {
    name: &'static str,
    /// A title, and then a line per file; see [`Manifest::parse`].
    manifest: &'static str,
    /// The files: tar, compressed with zstd.
    archive: &'static [u8],
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asset").field("title", &self.title()).finish_non_exhaustive()
    }
}

impl Asset {
    /// A tree with a manifest and an archive that `packaging/bundle` made.
    #[must_use]
    pub const fn new(name: &'static str, manifest: &'static str, archive: &'static [u8]) -> Self {
        Self { name, manifest, archive }
    }

    /// Name and version of what it is.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.manifest.lines().next().unwrap_or_default()
    }

    /// The directory below `place` with its files: complete and unaltered, mended where they were not. Blocks, also while another
    /// process does the same.
    ///
    /// # Errors
    /// [`Error::Io`] where `place` can't be written; [`Error::Damaged`] and [`Error::Differs`] when bytes got lost.
    pub fn unpacked_in(&self, place: &Path) -> Result<PathBuf, Error> {
        let manifest = Manifest::parse(self.manifest).ok_or_else(|| self.damaged(io::ErrorKind::InvalidData.into()))?;
        if let Some(above) = place.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(Error::io("make", above))?;
        }
        make_directory(place).map_err(Error::io("make", place))?;
        let _turn = Turn::take(place)?;
        let root = place.join(format!("{}-{}", self.name, &hex::encode(Sha256::digest(self.manifest))[..DIGITS]));
        let wrong = manifest.wrong_in(&root)?;
        if wrong.is_empty() {
            return Ok(root);
        }
        tracing::info!(files = wrong.len(), into = %root.display(), "unpacking {}", self.title());
        self.write(&root, &manifest, &wrong)?;
        match manifest.wrong_in(&root)?.first() {
            None => Ok(root),
            Some(path) => Err(Error::Differs(root.join(path))),
        }
    }

    /// Writes the files `wanted`. Each appears under its name when it is whole: whoever uses an older one keeps it.
    fn write(&self, root: &Path, manifest: &Manifest<'_>, wanted: &BTreeSet<&str>) -> Result<(), Error> {
        let decoder = zstd::Decoder::with_buffer(self.archive).map_err(|error| self.damaged(error))?;
        let mut archive = tar::Archive::new(decoder);
        for entry in archive.entries().map_err(|error| self.damaged(error))? {
            let mut entry = entry.map_err(|error| self.damaged(error))?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let Some(file) = manifest.file(&path).filter(|_| wanted.contains(path.as_str())) else { continue };
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|error| self.damaged(error))?;
            let (to, fresh) = (root.join(&path), root.join(format!("{path}.new")));
            fs::write(&fresh, &bytes).map_err(Error::io("write", &fresh))?;
            fs::set_permissions(&fresh, Permissions::from_mode(file.mode)).map_err(Error::io("protect", &fresh))?;
            fs::rename(&fresh, &to).map_err(Error::io("name", &to))?;
        }
        Ok(())
    }

    fn damaged(&self, source: io::Error) -> Error {
        Error::Damaged { title: self.title().to_owned(), source }
    }
}

/// The right to look and write: one process at a time has it, the kernel takes it back when that one ends.
struct Turn {
    _file: File,
}

impl Turn {
    fn take(place: &Path) -> Result<Self, Error> {
        let path = place.join("lock");
        let mut options = OpenOptions::new();
        let file =
            options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(Error::io("open", &path))?;
        file.lock().map_err(Error::io("lock", &path))?;
        Ok(Self { _file: file })
    }
}
