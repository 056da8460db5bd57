//! The file of a backup: a tar archive, readable by everything that reads tar.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::manifest::{FORMAT, Part};
use super::{Error, Manifest, Progress};

/// The name of the manifest within the archive.
const MANIFEST: &str = "manifest.json";
/// Most bytes of a manifest that are read: a name and a number for each table.
const MANIFEST_BYTES: u64 = 16 << 20;

/// A backup that is written.
pub(super) struct Writer {
    builder: Builder<File>,
    path: PathBuf,
    at: DateTime<Utc>,
}

impl Writer {
    /// Writes to `file`, which is at `path`; what is in it is of the time `at`.
    pub(super) fn new(file: File, path: &Path, at: DateTime<Utc>) -> Self {
        Self { builder: Builder::new(file), path: path.to_owned(), at }
    }

    /// Writes all of `from` as `name`.
    pub(super) fn part(&mut self, name: &str, from: &mut impl Read, progress: &Progress) -> Result<Part, Error> {
        let mut header = self.header();
        let mut write = || {
            let mut entry = Hashed::new(self.builder.append_writer(&mut header, name)?);
            let bytes = progress.copy(from, &mut entry)?;
            let (entry, sha256) = entry.finish();
            entry.finish()?;
            Ok(Part { name: name.to_owned(), bytes, sha256 })
        };
        write().map_err(Error::file("write", &self.path))
    }

    /// Writes the manifest and puts everything on the disk.
    pub(super) fn finish(mut self, manifest: &Manifest) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(manifest).expect("a manifest is names and numbers");
        let mut header = self.header();
        header.set_size(text.len() as u64);
        let write = || {
            self.builder.append_data(&mut header, MANIFEST, text.as_slice())?;
            self.builder.into_inner()?.sync_all()
        };
        write().map_err(Error::file("write", &self.path))
    }

    fn header(&self) -> Header {
        let mut header = Header::new_gnu();
        header.set_mode(0o600);
        header.set_mtime(self.at.timestamp().unsigned_abs());
        header
    }
}

/// A backup that is read, known to be whole.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
}

impl Archive {
    /// Reads all of the file at `path` and compares it with its own checksums.
    ///
    /// # Errors
    /// [`Error::NotABackup`], [`Error::Newer`], or [`Error::File`].
    pub fn open(path: &Path, progress: &Progress) -> Result<Self, Error> {
        progress.say("reading the backup");
        let bad = |what: &str| Error::NotABackup { path: path.to_owned(), what: what.to_owned() };
        let file = File::open(path).map_err(Error::file("read", path))?;
        let mut archive = tar::Archive::new(file);
        let (mut parts, mut manifest) = (Vec::new(), None);
        let entries = archive.entries().map_err(|error| bad(&error.to_string()))?;
        for entry in entries {
            let mut entry = entry.map_err(|error| bad(&error.to_string()))?;
            let name = entry.path().map(|path| path.to_string_lossy().into_owned()).map_err(|error| bad(&error.to_string()))?;
            if name == MANIFEST {
                let mut text = String::new();
                entry.take(MANIFEST_BYTES).read_to_string(&mut text).map_err(|error| bad(&error.to_string()))?;
                manifest = Some(text);
                continue;
            }
            let mut hashed = Hashed::new(io::sink());
            let bytes = progress.copy(&mut entry, &mut hashed).map_err(|error| bad(&error.to_string()))?;
            parts.push(Part { name, bytes, sha256: hashed.finish().1 });
        }
        let text = manifest.ok_or_else(|| bad("it has no manifest.json at its end"))?;
        let manifest = understood(&text).map_err(|error| error.unwrap_or_else(|what| bad(&what)))?;
        let promised = std::iter::once(&manifest.dump).chain(&manifest.keys);
        for part in promised {
            if !parts.contains(part) {
                return Err(bad(&format!("{} is missing or was changed", part.name)));
            }
        }
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// Copies the file `name` of the archive to `to`.
    pub(super) fn copy(&self, name: &str, to: &mut impl Write, progress: &Progress) -> Result<(), Error> {
        let mut read = || {
            let mut archive = tar::Archive::new(File::open(&self.path)?);
            for entry in archive.entries_with_seek()? {
                let mut entry = entry?;
                if entry.path()?.to_string_lossy() == name {
                    return progress.copy(&mut entry, to).map(drop);
                }
            }
            Err(io::ErrorKind::NotFound.into())
        };
        read().map_err(Error::file("read", &self.path))
    }
}

/// The manifest in `text`, when this binary can read its format; else the error, or what is wrong with the text.
fn understood(text: &str) -> Result<Manifest, Result<Error, String>> {
    #[derive(serde::Deserialize)]
    struct Versions {
        format: u32,
        tidemill: String,
    }
    let versions: Versions = serde_json::from_str(text).map_err(|error| Err(error.to_string()))?;
    if versions.format > FORMAT {
        return Err(Ok(Error::Newer { found: versions.format, known: FORMAT, version: versions.tidemill }));
    }
    serde_json::from_str(text).map_err(|error| Err(error.to_string()))
}

/// Hashes what it passes on.
struct Hashed<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Hashed<W> {
    fn new(to: W) -> Self {
        Self { to, hash: Sha256::new() }
    }

    fn finish(self) -> (W, String) {
        (self.to, hex::encode(self.hash.finalize()))
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
