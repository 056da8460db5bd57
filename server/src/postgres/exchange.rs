//! One cluster in the place of another, of a newer major version.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::account::Account;
use super::binaries::{Binaries, Places};
use super::layout::Layout;
use super::{ClusterOptions, Error, create};

/// The major version that wrote the cluster in `data_dir`; `None` when there is none.
///
/// # Errors
/// [`Error::Io`] and [`Error::Program`].
pub fn version_in(data_dir: &Path) -> Result<Option<u32>, Error> {
    create::version_of(&Layout::new(data_dir).cluster)
}

/// Where the newest Postgres is of those that can be found, and its major version. One that is named is the one.
///
/// # Errors
/// [`Error::NoBinaries`] and [`Error::BadBinaries`].
pub fn newest_binaries(options: &ClusterOptions) -> Result<(PathBuf, u32), Error> {
    let layout = Layout::new(&options.data_dir);
    let account = Account::choose(&layout.home)?;
    let places = Places::of(options);
    let found = Binaries::newest(&places, &account)?;
    Ok((found.dir().to_owned(), found.major()))
}

/// A directory within `data_dir` for a second cluster, whose home belongs to whom the first one belongs to.
///
/// # Errors
/// [`Error::Io`].
pub fn place_beside(data_dir: &Path, name: &str) -> Result<PathBuf, Error> {
    let place = data_dir.join(name);
    let home = Layout::new(&place).home;
    fs::create_dir_all(&home).map_err(Error::io("make", &home))?;
    let owner = fs::metadata(Layout::new(data_dir).home).map_err(Error::io("look at", data_dir))?;
    if rustix::process::geteuid().is_root() {
        chown(&home, Some(owner.uid()), Some(owner.gid())).map_err(Error::io("give away", &home))?;
    }
    Ok(place)
}

/// Puts the cluster of `other` into the place of that of `data_dir`, and that one there, at once. Neither may run.
///
/// # Errors
/// [`Error::Io`]; then nothing has changed.
pub fn exchange_clusters(data_dir: &Path, other: &Path) -> Result<(), Error> {
    let (here, there) = (Layout::new(data_dir).cluster, Layout::new(other).cluster);
    let exchanged = renameat_with(CWD, &there, CWD, &here, RenameFlags::EXCHANGE);
    exchanged
        .map_err(|error| Error::io("exchange (the file system must know how: ext4, xfs, btrfs do)", &here)(error.into()))?;
    sync(&Layout::new(data_dir).home)?;
    sync(&Layout::new(other).home)
}

/// Keeps the cluster of `other` beside that of `data_dir`, under the name of its version.
///
/// # Errors
/// [`Error::Io`].
pub fn keep_beside(data_dir: &Path, other: &Path, version: u32) -> Result<PathBuf, Error> {
    let kept = kept_beside(data_dir, version);
    let from = Layout::new(other).cluster;
    fs::rename(&from, &kept).map_err(Error::io("name", &kept))?;
    sync(&Layout::new(data_dir).home)?;
    Ok(kept)
}

/// Where a cluster of `version` is kept beside the one of `data_dir`.
#[must_use]
pub fn kept_beside(data_dir: &Path, version: u32) -> PathBuf {
    Layout::new(data_dir).home.join(format!("cluster-{version}"))
}

fn sync(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("sync", dir))
}
