//! `tidemill upgrade`: the migrations of this binary, on a copy; the embedded cluster, moved to a newer Postgres.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Failure;
use super::backup::{Scratch, cluster_options, progress, running};
use crate::backup::{self, Rehearsal, Taken};
use crate::config::{ServeArgs, ServeConfig};
use crate::store::{OLDEST_SERVER, Rehearsed};

/// `tidemill upgrade`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Upgrade {
    #[command(subcommand)]
    command: Option<UpgradeCommand>,
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

/// What else can be upgraded.
#[derive(Debug, Subcommand)]
enum UpgradeCommand {
    /// Move the embedded cluster to a newer major version of Postgres: copied, compared, exchanged; the old one is kept
    #[command(
        after_help = "Stop the server first. It needs the programs of both versions, and room for the database twice. Cut off, it is run again: \
                      until the end the old cluster is in its place.\n\nExample:\n  tidemill upgrade postgres --data-dir /srv/tidemill --old-bin-dir \
                      /usr/lib/postgresql/15/bin"
    )]
    Postgres(UpgradePostgres),
}

/// `tidemill upgrade postgres`.
#[derive(Debug, Args)]
struct UpgradePostgres {
    /// Directory of the programs of the old Postgres [default: found by itself]; --postgres-bin names those of the new one
    #[arg(long, value_name = "DIR")]
    old_bin_dir: Option<PathBuf>,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

impl UpgradePostgres {
    fn run(self, json: bool) -> Result<(), Failure> {
        let config = ServeConfig::load(*self.serve)?;
        let done = backup::upgrade_postgres(&cluster_options(&config), self.old_bin_dir.as_deref(), &progress())?;
        if json {
            let done = done.map(|done| json!({"from": done.from, "to": done.to, "kept": done.kept, "rows": done.rows}));
            println!("{:#}", json!({ "upgraded": done }));
            return Ok(());
        }
        let Some(done) = done else {
            println!("there is nothing to do: no newer Postgres was found");
            return Ok(());
        };
        if let Some(rows) = done.rows {
            println!("copied {rows} rows and counted them again");
        }
        println!("the cluster is now one of PostgreSQL {}; start the server", done.to);
        println!(
            "the old one, of PostgreSQL {}, is kept in {}: remove it when you are content. What you wrote into its postgresql.conf is not taken over",
            done.from,
            done.kept.display()
        );
        Ok(())
    }
}

impl Upgrade {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        if let Some(UpgradeCommand::Postgres(command)) = self.command {
            return command.run(json);
        }
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
    println!("{}", if is_rolling(rehearsal) { ROLLING } else { NOT_ROLLING });
    println!("going back means restoring a backup: this one took {:.1} s", restored_in.as_secs_f64());
}

const ROLLING: &str =
    "servers of the release that runs now may go on while servers of this one start beside them, and may start again";
const NOT_ROLLING: &str =
    "the servers that run now are older than the release before this one: stop all of them before the first of this one starts";

/// Whether servers that know the schema of the copy may work on the one of this binary.
fn is_rolling(rehearsal: &Rehearsal) -> bool {
    rehearsal.manifest.facts.schema.as_str() >= OLDEST_SERVER
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
        "rolling": is_rolling(rehearsal),
        "migrations": rehearsal.migrations.iter().map(migration).collect::<Vec<_>>(),
    })
}
