//! The embedded cluster, moved to a newer major version of Postgres: copied, compared, exchanged; the old one is kept.
//!
//! Until the exchange, which is one system call, the old cluster is what it was: whoever is cut off before begins anew, whoever is
//! cut off after has only to put the old cluster away.

use std::fs;
use std::path::{Path, PathBuf};

use super::restore::copy_as_is;
use super::take::{Taken, take};
use super::verify::compare;
use super::{Archive, Error, Progress};
use crate::postgres::{
    Cluster, ClusterOptions, DataDirLock, Programs, exchange_clusters, keep_beside, kept_beside, newest_binaries, place_beside,
    stop_orphans, version_in,
};
use crate::store;

/// Where the new cluster is made, within the data directory.
const PLACE: &str = "postgres-upgrade";

/// How a cluster was moved to a newer Postgres.
#[derive(Debug)]
pub struct MajorUpgrade {
    /// The version before.
    pub from: u32,
    /// The version now.
    pub to: u32,
    /// Where the old cluster is kept.
    pub kept: PathBuf,
    /// How many rows were copied and counted again; `None` when that was done before.
    pub rows: Option<i64>,
}

/// Moves the cluster of `options` to the newest Postgres that can be found, or that `options` name. `old` are the programs of the old
/// one, where they are not found by themselves. `None` when there is nothing to do. Blocks.
///
/// # Errors
/// Every [`Error`]; then the old cluster is in its place.
pub fn upgrade_postgres(
    options: &ClusterOptions,
    old: Option<&Path>,
    progress: &Progress,
) -> Result<Option<MajorUpgrade>, Error> {
    let data_dir = fs::canonicalize(&options.data_dir).map_err(Error::file("find", &options.data_dir))?;
    let from = version_in(&data_dir)?.ok_or_else(|| Error::NoCluster(data_dir.clone()))?;
    if let Some(done) = finish(&data_dir, from)? {
        return Ok(Some(done));
    }
    let (bin_dir, to) = newest_binaries(options)?;
    if to == from {
        return Ok(None);
    }
    if to < from {
        return Err(Error::NothingNewer { from, to });
    }
    let kept = kept_beside(&data_dir, from);
    if kept.exists() {
        return Err(Error::Exists(kept));
    }
    let old = ClusterOptions { data_dir: data_dir.clone(), bin_dir: old.map(Path::to_owned), ..options.clone() };
    progress.say("starting the old Postgres");
    // Stopped or not, it holds the data directory: no server starts on what is being copied.
    let source = Cluster::open(&old)?;
    let place = place_beside(&data_dir, PLACE)?;
    let new = ClusterOptions { data_dir: place.clone(), bin_dir: Some(bin_dir), ..options.clone() };
    let copied = copy(&source, &old, &new, progress).and_then(|rows| {
        progress.say("exchanging the clusters");
        Ok(exchange_clusters(&data_dir, &place).map(|()| rows)?)
    });
    if copied.is_err() {
        clear(&place)?;
    }
    let rows = copied?;
    keep_beside(&data_dir, &place, from)?;
    clear(&place)?;
    Ok(Some(MajorUpgrade { from, to, kept, rows: Some(rows) }))
}

/// What an upgrade left that was cut off: after the exchange there is an old cluster to be kept, before it nothing of worth.
fn finish(data_dir: &Path, now: u32) -> Result<Option<MajorUpgrade>, Error> {
    let place = data_dir.join(PLACE);
    if !place.exists() {
        return Ok(None);
    }
    let _lock = DataDirLock::acquire(data_dir)?;
    stop_orphans(&place)?;
    let done = match version_in(&place)? {
        Some(before) if before < now => {
            let kept = keep_beside(data_dir, &place, before)?;
            Some(MajorUpgrade { from: before, to: now, kept, rows: None })
        }
        _ => None,
    };
    clear(&place)?;
    Ok(done)
}

/// Copies the database from one cluster into another and compares them. Both are stopped afterwards.
fn copy(source: &Cluster, old: &ClusterOptions, new: &ClusterOptions, progress: &Progress) -> Result<i64, Error> {
    let file = new.data_dir.join("database.tar");
    let taken = Taken { data_dir: old.data_dir.clone(), url: source.url().to_owned(), file: file.clone(), with_keys: false };
    take(&taken, &Programs::find(old, true)?, progress)?;
    source.stop()?;
    progress.say("making a cluster of the new Postgres");
    let target = Cluster::open(new)?;
    let archive = Archive::open(&file, progress)?;
    copy_as_is(&archive, &Programs::find(new, true)?, target.url(), progress)?;
    progress.say("comparing");
    compare(&archive.manifest, target.url())?;
    // Transaction ids begin anew.
    store::begin_era(target.url())?;
    target.stop()?;
    Ok(archive.manifest.facts.rows.values().sum())
}

fn clear(place: &Path) -> Result<(), Error> {
    fs::remove_dir_all(place).map_err(Error::file("remove", place))
}
