//! `tidemill backup` and `tidemill restore`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use crate::assets;
use crate::backup::{self, Manifest, Progress, Taken, Target};
use crate::config::{ServeArgs, ServeConfig};
use crate::postgres::{self, ClusterOptions, Programs};

/// `tidemill backup`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "The keys (secret.key and account.key in the data directory) are not in the file unless --with-key is given: keep them elsewhere. \
                  Without them no secret of a restored server can be read.\n\nExamples:\n  tidemill backup /backups/tidemill.tar --data-dir /srv/tidemill\n  \
                  tidemill backup verify /backups/tidemill.tar"
)]
pub struct Backup {
    #[command(subcommand)]
    command: Option<BackupCommand>,
    /// The file to write; it must not exist yet
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// Put the keys into the file too: whoever has it can read every secret
    #[arg(long)]
    with_key: bool,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

/// What else can be done with backups.
#[derive(Debug, Subcommand)]
enum BackupCommand {
    /// Restore a backup into a scratch cluster and compare it with what it says: rows, audit log, schema
    #[command(after_help = "Example:\n  tidemill backup verify /backups/tidemill.tar")]
    Verify(Verify),
}

/// `tidemill backup verify`.
#[derive(Debug, Args)]
struct Verify {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Directory for the scratch cluster, which needs room for the database
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

/// `tidemill restore`.
#[derive(Debug, Args)]
#[command(
    after_help = "The data directory must be empty but for keys and tidemill.toml: put the keys there before or afterwards, and before the server \
                  starts.\n\nExamples:\n  tidemill restore /backups/tidemill.tar --data-dir /srv/tidemill\n  tidemill restore /backups/tidemill.tar \
                  --data-dir /srv/tidemill --database-url postgres://tidemill@db.example/tidemill"
)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

impl Backup {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        match (self.command, self.file) {
            (Some(BackupCommand::Verify(verify)), _) => verify.run(json),
            (None, Some(file)) => take(file, self.with_key, *self.serve, json),
            (None, None) => Err("name the file to write: tidemill backup FILE".into()),
        }
    }
}

fn take(file: PathBuf, with_keys: bool, serve: ServeArgs, json: bool) -> Result<(), Failure> {
    let config = ServeConfig::load(serve)?;
    let (programs, url) = running(&config)?;
    let taken = Taken { data_dir: config.data_dir, url, file, with_keys };
    let (manifest, bytes) = backup::take(&taken, &programs, &progress())?;
    taken.remember(manifest.at, bytes)?;
    if json {
        println!(
            "{:#}",
            json!({"file": taken.file, "bytes": bytes, "at": manifest.at, "schema": manifest.facts.schema, "keys": manifest.keys.len()})
        );
        return Ok(());
    }
    println!("wrote {} ({bytes} bytes): {}", taken.file.display(), described(&manifest));
    let keys = if with_keys {
        "it holds the keys: whoever has this file can read every secret".to_owned()
    } else {
        format!("the keys are not in it: keep {} elsewhere", taken.data_dir.join("*.key").display())
    };
    println!("{keys}\nprove it with: tidemill backup verify {}", taken.file.display());
    Ok(())
}

impl Verify {
    fn run(self, json: bool) -> Result<(), Failure> {
        let config = ServeConfig::load(*self.serve)?;
        let scratch = Scratch::new(self.scratch.as_deref())?;
        let verified = backup::verify(&self.file, &cluster_options(&config), &scratch.0, &progress())?;
        let rows: i64 = verified.manifest.facts.rows.values().sum();
        if json {
            let seconds = verified.restored_in.as_secs_f64();
            println!(
                "{:#}",
                json!({"ok": true, "at": verified.manifest.at, "rows": rows, "restored_in_seconds": seconds, "schema": verified.schema.to_string()})
            );
            return Ok(());
        }
        println!("ok: {}", described(&verified.manifest));
        println!(
            "restored {rows} rows in {} tables within {:.1} s; rows, chains of the audit log and schema are those of that moment",
            verified.manifest.facts.rows.len(),
            verified.restored_in.as_secs_f64()
        );
        Ok(())
    }
}

impl Restore {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let config = ServeConfig::load(*self.serve)?;
        let url = config.database_url.as_ref().map(|url| url.expose().to_owned());
        let target = Target { cluster: cluster_options(&config), url };
        let restored = backup::restore(&self.file, &target, &progress())?;
        if json {
            println!(
                "{:#}",
                json!({"at": restored.manifest.at, "schema": restored.schema.to_string(), "has_key": restored.has_key})
            );
            return Ok(());
        }
        println!("restored {} into {}", described(&restored.manifest), config.data_dir.display());
        if !restored.has_key {
            println!(
                "put secret.key and account.key there before you start the server: without them no secret can be read and nobody can sign in"
            );
        }
        println!("what happened after that moment is not there; what was under way then goes on when the server starts");
        Ok(())
    }
}

fn described(manifest: &Manifest) -> String {
    format!(
        "the database as it was at {}, schema {}, Tidemill {}, Postgres {}",
        manifest.at, manifest.facts.schema, manifest.tidemill, manifest.postgres
    )
}

/// The programs for the database of the server with this configuration, and its URL; an error when it can't be running.
pub(super) fn running(config: &ServeConfig) -> Result<(Programs, String), Failure> {
    let embedded = config.database_url.is_none();
    if embedded && postgres::postmaster_in(&config.data_dir).is_none() {
        return Err(backup::Error::NotRunning(config.data_dir.clone()).into());
    }
    Ok((Programs::find(&cluster_options(config), embedded)?, database_url(config)?))
}

pub(super) fn progress() -> Progress {
    Progress::new(|what| eprintln!("{what} …"))
}

/// The database of the server with this configuration.
pub(super) fn database_url(config: &ServeConfig) -> Result<String, Failure> {
    match &config.database_url {
        Some(url) => Ok(url.expose().to_owned()),
        None => Ok(postgres::url_in(&config.data_dir)?),
    }
}

pub(super) fn cluster_options(config: &ServeConfig) -> ClusterOptions {
    ClusterOptions {
        data_dir: config.data_dir.clone(),
        bin_dir: config.postgres_bin.clone(),
        assets: Some(assets::place_in(&config.data_dir)),
        search_path: config.search_path.clone(),
    }
}

/// A directory that is removed again.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    /// A new directory within `parent`, else within the machine's place for what is temporary.
    pub(super) fn new(parent: Option<&Path>) -> Result<Self, Failure> {
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = parent.join(format!("tidemill-scratch-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&path)
            .map_err(|error| format!("can't make {}: {error}; name another place with --scratch", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("warning: {} can't be removed: {error}", self.0.display());
        }
    }
}
