//! Which files there are, and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Error;

/// The mode of all directories: the account of Postgres must get through when the server runs as root.
const DIRECTORY: u32 = 0o755;

/// One file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) sha256: [u8; 32],
    pub(super) mode: u32,
}

/// Files by their paths within the tree.
#[derive(Debug)]
pub(super) struct Manifest<'a> {
    files: BTreeMap<&'a str, File>,
    /// Their directories; each after the one that it is in.
    directories: BTreeSet<&'a str>,
}

impl<'a> Manifest<'a> {
    /// Reads a title, and then a line per file: SHA-256, mode, path. `None` when that is not what `text` is.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let files = text.lines().skip(1).map(file).collect::<Option<BTreeMap<_, _>>>()?;
        let above = |path: &&'a str| Path::new(*path).ancestors().skip(1).filter_map(Path::to_str).collect::<Vec<_>>();
        let directories = files.keys().flat_map(above).collect();
        Some(Self { files, directories })
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Makes the directories below `root`, removes what does not belong there, and gives the files that are not as they should
    /// be.
    pub(super) fn wrong_in(&self, root: &Path) -> Result<BTreeSet<&'a str>, Error> {
        for directory in &self.directories {
            let path = root.join(directory);
            make_directory(&path).map_err(Error::io("make", &path))?;
        }
        for directory in &self.directories {
            let path = root.join(directory);
            for entry in fs::read_dir(&path).map_err(Error::io("read", &path))? {
                let entry = entry.map_err(Error::io("read", &path))?;
                if !self.has(directory, &entry) {
                    remove(&entry).map_err(Error::io("remove", entry.path()))?;
                }
            }
        }
        let mut wrong = BTreeSet::new();
        for (path, file) in &self.files {
            if !file.is_at(&root.join(path))? {
                wrong.insert(*path);
            }
        }
        Ok(wrong)
    }

    fn has(&self, directory: &str, entry: &DirEntry) -> bool {
        let path = Path::new(directory).join(entry.file_name());
        let Some(path) = path.to_str() else { return false };
        entry.file_type().is_ok_and(|kind| {
            kind.is_dir() && self.directories.contains(path) || kind.is_file() && self.files.contains_key(path)
        })
    }
}

impl File {
    fn is_at(&self, path: &Path) -> Result<bool, Error> {
        let found = match fs::read(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            // Whoever may not read it may not use it either; the one who may mends it.
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let mode = fs::metadata(path).map_err(Error::io("look at", path))?.permissions().mode() & 0o7777;
        Ok(mode == self.mode && <[u8; 32]>::from(Sha256::digest(&found)) == self.sha256)
    }
}

fn file(line: &str) -> Option<(&str, File)> {
    let mut words = line.splitn(3, ' ');
    let (sha256, mode, path) = (words.next()?, words.next()?, words.next()?);
    let sha256 = hex::decode(sha256).ok()?.try_into().ok()?;
    Some((path, File { sha256, mode: u32::from_str_radix(mode, 8).ok()? }))
}

/// Makes a real directory of `path`, whatever was there, and whatever this process withholds from new ones (umask).
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) if !found.is_dir() => {
            fs::remove_file(path)?;
            None
        }
        found => found.ok(),
    };
    if found.is_none() {
        match fs::create_dir(path) {
            // Another process was faster: the place of the lock is made before anybody has the lock.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && fs::symlink_metadata(path)?.is_dir() => {}
            made => made?,
        }
    }
    match found {
        Some(found) if found.permissions().mode() & 0o7777 == DIRECTORY => Ok(()),
        _ => fs::set_permissions(path, Permissions::from_mode(DIRECTORY)),
    }
}

fn remove(entry: &DirEntry) -> io::Result<()> {
    if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }
}
