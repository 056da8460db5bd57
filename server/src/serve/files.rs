//! The files with which a server tells the local command line where it is and how to sign in, and itself who it was.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;
use tidemill_common::ids::NodeId;

use super::Error;

/// Where the first admin's token is kept.
pub(super) fn token_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin-token")
}

/// Makes the data directory, for its owner only.
pub(super) fn prepare(data_dir: &Path) -> Result<(), Error> {
    make_private(data_dir).map_err(|source| Error::File { path: data_dir.to_owned(), source })
}

/// Makes a directory for its owner only, and those above it that are missing.
pub(super) fn make_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Keeps the first admin's token, readable by its owner only.
pub(super) fn keep_token(data_dir: &Path, token: &str) -> Result<(), Error> {
    write(&token_path(data_dir), &format!("{token}\n"))
}

/// Says where the server listens.
pub(super) fn announce(data_dir: &Path, url: &str) -> Result<(), Error> {
    let text = json!({"url": url, "pid": std::process::id()}).to_string();
    write(&data_dir.join("server.json"), &format!("{text}\n"))
}

/// The server listens no more.
pub(super) fn forget_address(data_dir: &Path) {
    let path = data_dir.join("server.json");
    if let Err(error) = fs::remove_file(&path) {
        tracing::warn!(%error, path = %path.display(), "the address file can't be removed");
    }
}

/// Remembers this process as `node`, and returns the one before it. Whoever reads it holds the data directory, so that the
/// one before is surely gone.
pub(super) fn succeed(data_dir: &Path, node: NodeId) -> Result<Option<NodeId>, Error> {
    let path = data_dir.join("node");
    let before = match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().ok(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(Error::File { path, source }),
    };
    write(&path, &format!("{node}\n"))?;
    Ok(before)
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    write_private(path, text).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Writes beside the file and renames, so that a reader sees the old text or the new.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
