//! The key of the server: known to be the right one at every start, and replaced while servers run.

use std::path::Path;

use chrono::{DateTime, Utc};
use tidemill_common::ids::WorkspaceId;

use super::keeper::{data_key, data_key_row};
use super::{Error, Sealed, SecretError, Subject, Vault};
use crate::store::Database;
use crate::store::queries::sealed::{self, KeyCheckRow, SealedRow};
use crate::store::queries::secret;
use crate::store::rows::secret::Secret;

/// Rows that are sealed anew in one transaction.
const BATCH: i64 = 100;

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The version of the key that seals from now on.
    pub version: i16,
    /// Data keys that were sealed anew.
    pub data_keys: usize,
    /// Secrets from before there were data keys that were sealed anew.
    pub secrets: usize,
}

/// The vault of `data_dir`, which has every key that anything in `database` is sealed with. The first start makes the first key.
///
/// # Errors
/// When a key is missing or is another one: it is better to know at the start than when the first secret is read.
pub async fn open(data_dir: &Path, database: &Database, now: DateTime<Utc>) -> Result<Vault, SecretError> {
    let checks = database.engine(sealed::key_checks).await?;
    let old = database.engine(|conn| sealed::secrets_without_data_key(conn, 1)).await?;
    let vault = match Vault::open(data_dir)? {
        Some(vault) => vault,
        None if checks.is_empty() && old.is_empty() => Vault::create(data_dir)?,
        None => {
            let version = checks.first().map_or(1, |check| check.key_version);
            return Err(Error::MissingKey { version, path: super::key::path_of(data_dir, version) }.into());
        }
    };
    for row in &old {
        open_old(&vault, row).map_err(|_| Error::WrongKey { path: vault.path_of(1) })?;
    }
    if checks.is_empty() {
        keep_check(&vault, vault.newest()?, database, now).await?;
    }
    // Another server may have been first, with another key.
    for check in database.engine(sealed::key_checks).await? {
        vault.verify(&Sealed { key_version: check.key_version, nonce: check.nonce, ciphertext: check.ciphertext })?;
    }
    Ok(vault)
}

/// Seals everything with a new key of the server, which is made unless one has been put beside the present one. Servers go on
/// meanwhile. Can be repeated when it was interrupted.
pub async fn rotate(vault: &Vault, database: &Database, now: DateTime<Utc>) -> Result<Rotated, SecretError> {
    let used = database.engine(sealed::key_checks).await?.iter().map(|check| check.key_version).max().unwrap_or(1);
    let newest = vault.newest()?;
    let unfinished = !database.engine(move |conn| sealed::data_keys_before(conn, newest, 1)).await?.is_empty();
    let version = if newest > used || unfinished { newest } else { vault.create_next()? };
    keep_check(vault, version, database, now).await?;
    let secrets = seal_old_secrets(vault, database, now).await?;
    let data_keys = seal_data_keys(vault, version, database).await?;
    database.engine(move |conn| sealed::key_checks_forget(conn, version)).await?;
    Ok(Rotated { version, data_keys, secrets })
}

async fn keep_check(vault: &Vault, version: i16, database: &Database, now: DateTime<Utc>) -> Result<(), SecretError> {
    let Sealed { key_version, nonce, ciphertext } = vault.check_of(version)?;
    let check = KeyCheckRow { key_version, nonce, ciphertext };
    Ok(database.engine(move |conn| sealed::key_check_insert(conn, check, now)).await?)
}

async fn seal_data_keys(vault: &Vault, version: i16, database: &Database) -> Result<usize, SecretError> {
    let mut count = 0;
    loop {
        let rows = database.engine(move |conn| sealed::data_keys_before(conn, version, BATCH)).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        count += rows.len();
        let anew = rows.into_iter().map(|row| {
            let workspace = WorkspaceId(row.workspace_id);
            Ok(data_key_row(workspace, vault.seal_anew(workspace, &data_key(row))?))
        });
        let anew = anew.collect::<Result<Vec<_>, Error>>()?;
        let write = move |conn: &mut _| anew.into_iter().try_for_each(|row| sealed::data_key_update(conn, row));
        database.engine(write).await?;
    }
}

async fn seal_old_secrets(vault: &Vault, database: &Database, now: DateTime<Utc>) -> Result<usize, SecretError> {
    let mut count = 0;
    loop {
        let rows = database.engine(|conn| sealed::secrets_without_data_key(conn, BATCH)).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        count += rows.len();
        for row in rows {
            seal_old_secret(vault, row, database, now).await?;
        }
    }
}

async fn seal_old_secret(vault: &Vault, row: SealedRow, database: &Database, now: DateTime<Utc>) -> Result<(), SecretError> {
    let workspace = WorkspaceId(row.workspace_id);
    let plain = open_old(vault, &row)?;
    let made = data_key_row(workspace, vault.new_data_key(workspace, None)?);
    let kept = database.engine(move |conn| {
        if let Some(kept) = sealed::data_key(conn, workspace)? {
            return Ok(kept);
        }
        sealed::data_key_insert(conn, made.clone(), now)?;
        Ok(sealed::data_key(conn, workspace)?.unwrap_or(made))
    });
    let key = data_key(kept.await?);
    let Sealed { key_version, nonce, ciphertext } = vault.seal(workspace, Subject::Secret(&row.name), &key, &plain)?;
    let before = row.nonce.clone();
    let row = Secret { workspace_id: row.workspace_id, name: row.name, key_version, nonce, ciphertext, updated_at: now };
    Ok(database.engine(move |conn| secret::secret_seal_anew(conn, &row, &before)).await?)
}

fn open_old(vault: &Vault, row: &SealedRow) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
    let sealed = Sealed { key_version: row.key_version, nonce: row.nonce.clone(), ciphertext: row.ciphertext.clone() };
    vault.unseal(WorkspaceId(row.workspace_id), Subject::Secret(&row.name), None, &sealed)
}
