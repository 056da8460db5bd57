//! An upgrade on a copy: the backup is restored into a cluster that is thrown away, and migrated there.

use std::path::Path;
use std::time::{Duration, Instant};

use super::restore::copy_as_is;
use super::{Archive, Error, Manifest, Progress};
use crate::postgres::{Cluster, ClusterOptions, Programs};
use crate::store::{self, Rehearsed};

/// How an upgrade went on a copy.
#[derive(Debug)]
pub struct Rehearsal {
    /// The backup that was the copy.
    pub manifest: Manifest,
    /// How long restoring it took: what going back would take.
    pub restored_in: Duration,
    /// The migrations, in their order.
    pub migrations: Vec<Rehearsed>,
}

/// Restores the backup at `file` with the Postgres of `options` into the directory `scratch` and migrates it. Blocks.
///
/// # Errors
/// Every [`Error`]; a migration that fails here would fail there.
pub fn rehearse(file: &Path, options: &ClusterOptions, scratch: &Path, progress: &Progress) -> Result<Rehearsal, Error> {
    let archive = Archive::open(file, progress)?;
    progress.say("making a scratch cluster");
    let options = ClusterOptions { data_dir: scratch.to_owned(), ..options.clone() };
    let cluster = Cluster::open(&options)?;
    let begin = Instant::now();
    copy_as_is(&archive, &Programs::find(&options, true)?, cluster.url(), progress)?;
    let restored_in = begin.elapsed();
    progress.say("migrating the copy");
    let migrations = store::rehearse(cluster.url())?;
    store::begin_era(cluster.url())?;
    cluster.stop()?;
    Ok(Rehearsal { manifest: archive.manifest, restored_in, migrations })
}
