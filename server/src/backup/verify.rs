//! Proving a backup: it is restored into a cluster that is thrown away, and compared with what it says.

use std::path::Path;
use std::time::{Duration, Instant};

use super::restore::copy_as_is;
use super::{Archive, Error, Manifest, Progress};
use crate::postgres::{Cluster, ClusterOptions, Programs};
use crate::store::{self, Moment, SchemaVersion};

/// What was proved.
#[derive(Debug)]
pub struct Verified {
    /// What the backup says of itself, and has.
    pub manifest: Manifest,
    /// The schema that this binary brought the copy to.
    pub schema: SchemaVersion,
    /// How long a restore takes on this machine.
    pub restored_in: Duration,
}

/// Restores the backup at `file` with the Postgres of `options` into the directory `scratch`, and compares rows, chains of the
/// audit log and schema. Blocks.
///
/// # Errors
/// [`Error::Differs`] and every other [`Error`].
pub fn verify(file: &Path, options: &ClusterOptions, scratch: &Path, progress: &Progress) -> Result<Verified, Error> {
    let archive = Archive::open(file, progress)?;
    progress.say("making a scratch cluster");
    let options = ClusterOptions { data_dir: scratch.to_owned(), ..options.clone() };
    let cluster = Cluster::open(&options)?;
    let begin = Instant::now();
    copy_as_is(&archive, &Programs::find(&options, true)?, cluster.url(), progress)?;
    let restored_in = begin.elapsed();
    progress.say("comparing");
    compare(&archive.manifest, cluster.url())?;
    progress.say("bringing the schema up to date");
    let schema = store::migrate(cluster.url())?;
    store::begin_era(cluster.url())?;
    cluster.stop()?;
    Ok(Verified { manifest: archive.manifest, schema, restored_in })
}

pub(super) fn compare(manifest: &Manifest, url: &str) -> Result<(), Error> {
    let (mut moment, _) = Moment::hold(url)?;
    let (found, said) = (moment.facts()?, &manifest.facts);
    if found.schema != said.schema {
        return Err(Error::Differs(format!("its schema is {}, not {}", found.schema, said.schema)));
    }
    for (table, rows) in &said.rows {
        let has = found.rows.get(table);
        if has != Some(rows) {
            let has = has.map_or("is missing".to_owned(), |has| format!("has {has} rows"));
            return Err(Error::Differs(format!("the table {table} {has}, not {rows}")));
        }
    }
    if let Some((organization, seq)) = moment.broken_chain()? {
        return Err(Error::Differs(format!(
            "entry {seq} of the audit log of organization {organization} does not fit its chain"
        )));
    }
    if found.audit != said.audit {
        return Err(Error::Differs("the chains of the audit log end otherwise".to_owned()));
    }
    Ok(())
}
