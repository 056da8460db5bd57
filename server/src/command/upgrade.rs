//! `tidemill upgrade --rehearse`: the migrations of this binary, on a copy.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::Failure;
use super::backup::{Scratch, cluster_options, progress, running};
use crate::backup::{self, Rehearsal, Taken};
use crate::config::{ServeArgs, ServeConfig};
use crate::store::Rehearsed;

/// `tidemill upgrade`.
#[derive(Debug, Args)]
pub struct Upgrade {
    /// Only try: an upgrade itself is a start of the newer binary
    #[arg(long, required = true)]
    rehearse: bool,
    /// Use this backup as the copy, instead of a fresh one of the running server
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    /// Directory for the scratch cluster, which needs room for the database and a backup of it
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

impl Upgrade {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let config = ServeConfig::load(*self.serve)?;
        let (scratch, copy) = (Scratch::new(self.scratch.as_deref())?, Scratch::new(self.scratch.as_deref())?);
        let file = match self.backup {
            Some(file) => file,
            None => fresh(&config, copy.0.join("backup.tar"))?,
        };
        let rehearsal = backup::rehearse(&file, &cluster_options(&config), &scratch.0, &progress())?;
        if json {
            println!("{:#}", as_json(&rehearsal));
        } else {
            print(&rehearsal);
        }
        Ok(())
    }
}

fn fresh(config: &ServeConfig, file: PathBuf) -> Result<PathBuf, Failure> {
    let (programs, url) = running(config)?;
    let taken = Taken { data_dir: config.data_dir.clone(), url, file, with_keys: false };
    backup::take(&taken, &programs, &progress())?;
    Ok(taken.file)
}

fn print(rehearsal: &Rehearsal) {
    let Rehearsal { manifest, restored_in, migrations } = rehearsal;
    println!("a copy of the database as it was at {}, schema {}", manifest.at, manifest.facts.schema);
    for Rehearsed { name, elapsed, locks } in migrations {
        println!("{:>9.1} ms  {name}", elapsed.as_secs_f64() * 1000.0);
        for lock in locks {
            let who = if lock.readers_wait { "readers and writers wait" } else { "writers wait" };
            println!("              {who} for {} ({} bytes)", lock.table, lock.bytes);
        }
    }
    match migrations.as_slice() {
        [] => println!("this binary has no migration that the database doesn't have"),
        all => {
            let total: f64 = all.iter().map(|migration| migration.elapsed.as_secs_f64()).sum();
            println!("{} migrations ran within {total:.1} s", all.len());
        }
    }
    println!("going back means restoring a backup: this one took {:.1} s", restored_in.as_secs_f64());
}

fn as_json(rehearsal: &Rehearsal) -> Value {
    let migration = |one: &Rehearsed| {
        let locks: Vec<Value> = one
            .locks
            .iter()
            .map(|lock| json!({"table": lock.table, "readers_wait": lock.readers_wait, "bytes": lock.bytes}))
            .collect();
        json!({"name": one.name, "seconds": one.elapsed.as_secs_f64(), "locks": locks})
    };
    json!({
        "at": rehearsal.manifest.at,
        "schema": rehearsal.manifest.facts.schema,
        "restored_in_seconds": rehearsal.restored_in.as_secs_f64(),
        "migrations": rehearsal.migrations.iter().map(migration).collect::<Vec<_>>(),
    })
}
