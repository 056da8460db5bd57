//! Making a backup while the server runs.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use chrono::{DateTime, Utc};

use super::archive::Writer;
use super::manifest::FORMAT;
use super::{Error, Manifest, Progress, Record};
use crate::postgres::Programs;
use crate::secrets::key_files;
use crate::store::{Facts, Held, Moment};

/// What is to be backed up, and where to.
#[derive(Debug)]
pub struct Taken {
    /// The data directory of the server.
    pub data_dir: PathBuf,
    /// Its database.
    pub url: String,
    /// The file to be written.
    pub file: PathBuf,
    /// Whether the keys go into it.
    pub with_keys: bool,
}

/// Writes one moment of the database into one file; the server goes on meanwhile. Blocks.
///
/// # Errors
/// Every [`Error`]; then there is no file.
pub fn take(what: &Taken, programs: &Programs, progress: &Progress) -> Result<(Manifest, u64), Error> {
    if what.file.exists() {
        return Err(Error::Exists(what.file.clone()));
    }
    let part = part_of(&what.file);
    let written = write(what, &part, programs, progress);
    if written.is_err() {
        // What is left is of no use; that it can't be removed is less than why it is of no use.
        let _left = fs::remove_file(&part);
    }
    let manifest = written?;
    fs::rename(&part, &what.file).map_err(Error::file("name", &what.file))?;
    let bytes = fs::metadata(&what.file).map_err(Error::file("look at", &what.file))?.len();
    Ok((manifest, bytes))
}

impl Taken {
    /// Remembers in the data directory that this backup was made, for the doctor.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn remember(&self, at: DateTime<Utc>, bytes: u64) -> Result<(), Error> {
        let file = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        Record { at, file, bytes }.keep(&self.data_dir)
    }
}

/// Under this name until it is whole.
fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn write(what: &Taken, part: &Path, programs: &Programs, progress: &Progress) -> Result<Manifest, Error> {
    let (moment, held) = Moment::hold(&what.url)?;
    let Held { at, bytes: database_bytes, postgres } = held;
    progress.say(&format!(
        "copying the database as it was at {at} ({} on the disk)",
        super::progress::size(database_bytes.unsigned_abs())
    ));
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(part)
        .map_err(Error::file("write", part))?;
    let mut writer = Writer::new(file, part, at);
    let (dump, facts) = copy(moment, &what.url, &mut writer, programs, progress)?;
    let mut keys = Vec::new();
    if what.with_keys {
        for path in key_files(&what.data_dir).map_err(Error::file("list", &what.data_dir))? {
            let mut key = File::open(&path).map_err(Error::file("read", &path))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            keys.push(writer.part(&format!("keys/{name}"), &mut key, progress)?);
        }
    }
    let tidemill = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, tidemill, postgres, at, database_bytes, dump, keys, facts };
    writer.finish(&manifest)?;
    Ok(manifest)
}

/// Copies the database, and meanwhile counts what must be in the copy.
fn copy(
    mut moment: Moment,
    url: &str,
    writer: &mut Writer,
    programs: &Programs,
    progress: &Progress,
) -> Result<(super::manifest::Part, Facts), Error> {
    let mut running = programs.dump(url, moment.snapshot())?;
    let words = running.words();
    thread::scope(|scope| {
        let said = scope.spawn(|| words.map(|words| progress.follow(words)).unwrap_or_default());
        // Not moved there: the moment is held until the copy is whole, however soon it is counted.
        let counting = scope.spawn(|| moment.facts());
        let part = writer.part("database.dump", &mut running.output(), progress);
        let said = said.join().map_err(|_| Error::Thread)?;
        // When the disk is full the program only says that nobody listens any more: that is not the better error.
        let part = part?;
        running.finish(&said)?;
        let facts = counting.join().map_err(|_| Error::Thread)??;
        Ok((part, facts))
    })
}
