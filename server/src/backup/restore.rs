//! Putting a backup where nothing is.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;

use super::{Archive, Error, Manifest, Progress};
use crate::assets;
use crate::config::CONFIG_FILE;
use crate::postgres::{Cluster, ClusterOptions, Programs};
use crate::secrets::is_key_file;
use crate::store::{self, SchemaVersion};

/// As long as it is there, a restore into the data directory has not come to its end.
const UNFINISHED: &str = "restore-unfinished";

/// Where a backup is restored to.
#[derive(Debug)]
pub struct Target {
    /// The data directory, which is empty but for keys and the configuration, and the Postgres for it.
    pub cluster: ClusterOptions,
    /// The database, when it isn't in the data directory.
    pub url: Option<String>,
}

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// The schema that the database has now.
    pub schema: SchemaVersion,
    /// Whether the data directory has the server's key.
    pub has_key: bool,
}

/// Whether a restore into `data_dir` was cut off: what is there is of no use.
#[must_use]
pub fn is_unfinished(data_dir: &Path) -> bool {
    data_dir.join(UNFINISHED).exists()
}

/// Restores the backup at `file`, brings it to the schema of this binary and makes its transaction ids those of the new place.
/// Blocks.
///
/// # Errors
/// Every [`Error`]; then what was begun is cleared away again.
pub fn restore(file: &Path, target: &Target, progress: &Progress) -> Result<Restored, Error> {
    let data_dir = &target.cluster.data_dir;
    refuse_used(data_dir)?;
    let archive = Archive::open(file, progress)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(Error::file("make", data_dir))?;
    let unfinished = data_dir.join(UNFINISHED);
    fs::write(&unfinished, "").map_err(Error::file("write", &unfinished))?;
    let schema = fill(&archive, target, progress);
    if schema.is_err() {
        clear(data_dir, target.url.is_none())?;
    }
    let schema = schema?;
    write_keys(&archive, data_dir, progress)?;
    fs::remove_file(&unfinished).map_err(Error::file("remove", &unfinished))?;
    let has_key = crate::secrets::key_files(data_dir).is_ok_and(|found| !found.is_empty());
    Ok(Restored { manifest: archive.manifest, schema, has_key })
}

/// Keys and configuration may be there: they are put there by hand before. What the binary unpacked is nobody's data.
fn refuse_used(data_dir: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::File { action: "list", path: data_dir.to_owned(), source }),
    };
    for entry in entries {
        let name = entry.map_err(Error::file("list", data_dir))?.file_name().to_string_lossy().into_owned();
        if name != CONFIG_FILE && name != assets::DIRECTORY && !is_key_file(&name) {
            return Err(Error::NotEmpty { path: data_dir.to_owned(), found: name });
        }
    }
    Ok(())
}

fn fill(archive: &Archive, target: &Target, progress: &Progress) -> Result<SchemaVersion, Error> {
    if let Some(url) = &target.url {
        return copy_in(archive, &Programs::find(&target.cluster, false)?, url, progress);
    }
    progress.say("making a Postgres cluster");
    let cluster = Cluster::open(&target.cluster)?;
    let schema = copy_in(archive, &Programs::find(&target.cluster, true)?, cluster.url(), progress)?;
    cluster.stop()?;
    Ok(schema)
}

/// Copies the backup into the empty database at `url` and makes it fit for a server of this binary.
pub(super) fn copy_in(archive: &Archive, programs: &Programs, url: &str, progress: &Progress) -> Result<SchemaVersion, Error> {
    copy_as_is(archive, programs, url, progress)?;
    progress.say("bringing the schema up to date");
    let schema = store::migrate(url)?;
    store::begin_era(url)?;
    Ok(schema)
}

/// Copies the backup into the empty database at `url`, with the schema that it has.
pub(super) fn copy_as_is(archive: &Archive, programs: &Programs, url: &str, progress: &Progress) -> Result<(), Error> {
    store::make_room(url)?;
    progress.say("restoring the database");
    let mut running = programs.restore(url)?;
    let (words, mut input) = (running.words(), running.input());
    thread::scope(|scope| {
        let said = scope.spawn(|| words.map(|words| progress.follow(words)).unwrap_or_default());
        let copied = archive.copy("database.dump", &mut input, progress);
        drop(input);
        let said = said.join().map_err(|_| Error::Thread)?;
        // What the program says is the better error: when it ends, it can't be written to.
        running.finish(&said)?;
        copied
    })
}

fn write_keys(archive: &Archive, data_dir: &Path, progress: &Progress) -> Result<(), Error> {
    for part in &archive.manifest.keys {
        let name = part.name.trim_start_matches("keys/");
        let path = data_dir.join(name);
        if !is_key_file(name) || path.exists() {
            continue;
        }
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = opened.map_err(Error::file("write", &path))?;
        archive.copy(&part.name, &mut file, progress)?;
        file.flush().and_then(|()| file.sync_all()).map_err(Error::file("write", &path))?;
    }
    Ok(())
}

/// Removes what a failed restore made; what was there before stays.
fn clear(data_dir: &Path, cluster: bool) -> Result<(), Error> {
    if cluster {
        let home: PathBuf = data_dir.join("postgres");
        if home.exists() {
            fs::remove_dir_all(&home).map_err(Error::file("remove", &home))?;
        }
    }
    for name in ["postgres.conf", "postgres.log", "lock", UNFINISHED] {
        let path = data_dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::File { action: "remove", path, source });
            }
            _ => {}
        }
    }
    Ok(())
}
