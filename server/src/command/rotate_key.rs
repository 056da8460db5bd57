//! `tidemill rotate-key`: a new key of the server, while servers run.

use clap::Args;
use tidemill_common::clock::{Clock as _, SystemClock};

use super::backup::database_url;
use super::{Failure, runtime};
use crate::config::{ServeArgs, ServeConfig};
use crate::secrets::{Vault, server_key};
use crate::store::{Database, PoolSizes};

/// The arguments of `tidemill rotate-key`.
#[derive(Debug, Args)]
pub struct RotateKey {
    /// Only make the key's file, to be copied to other nodes before it is used
    #[arg(long)]
    prepare: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

impl RotateKey {
    /// Makes the key, seals with it what was sealed with older ones, and says what is to be done with the files.
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = ServeConfig::load(self.serve)?;
        let vault = Vault::open(&config.data_dir)?.ok_or_else(|| {
            format!("there is no key in {}: start a server there first, or name its --data-dir", config.data_dir.display())
        })?;
        if self.prepare {
            let path = vault.path_of(vault.create_next()?);
            println!(
                "made {}; copy it into every node's data directory, then run this again without --prepare",
                path.display()
            );
            return Ok(());
        }
        let url = database_url(&config)?;
        let rotated = runtime()?.block_on(async {
            let database = tokio::task::spawn_blocking(move || Database::connect(&url, PoolSizes { app: 1, engine: 1 }));
            Ok::<_, Failure>(server_key::rotate(&vault, &database.await??, SystemClock.now()).await?)
        })?;
        let path = vault.path_of(rotated.version);
        println!("sealed {} data keys and {} secrets anew with {}", rotated.data_keys, rotated.secrets, path.display());
        println!("back this file up; older key files are needed only for backups of the database from before now");
        Ok(())
    }
}
