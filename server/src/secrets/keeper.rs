//! Secrets and credentials of workspaces: sealed on their way into the database, opened on their way out.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tidemill_common::ids::{UserId, WorkspaceId};

use super::{DataKey, Error, Sealed, Subject, Vault};
use crate::domain::credential::{Credential, Reference, Settings};
use crate::store::queries::sealed::{self, DataKeyRow, SealedRow, SharedRow};
use crate::store::queries::version::{self, Of};
use crate::store::{self, Database};

/// Why a secret or a credential can't be had. `Display` is for the author of a workflow.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is none.
    #[error("the {noun} `{name}` is not set in this workspace; set it with `tidemill {noun} set {name}`")]
    Missing {
        /// `secret` or `credential`.
        noun: &'static str,
        /// Its name.
        name: String,
    },
    /// Another workspace has no such credential, or does not share it.
    #[error(
        "the credential `{0}` can't be used here: that workspace has none of this name, or shares it neither with this workspace nor with the member who saved this version of the workflow"
    )]
    NotShared(String),
    /// It can't be opened.
    #[error(transparent)]
    Sealed(#[from] Error),
    /// It can be opened, and what is inside makes no sense.
    #[error("the {what} can't be used: {why}")]
    Unusable {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
    /// The database can't be read.
    #[error("the database can't be read")]
    Store(#[from] store::Error),
}

/// Keeps secrets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keeper {
    database: Database,
    vault: Arc<Vault>,
}

impl Keeper {
    /// What is in `database`, sealed by `vault`.
    #[must_use]
    pub fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self { database, vault }
    }

    /// Seals `plain` with the workspace's data key, which is made when it has none.
    pub async fn seal(
        &self,
        workspace: WorkspaceId,
        subject: Subject<'_>,
        plain: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Sealed, SecretError> {
        let found = self.database.with_tenant(workspace, move |conn| sealed::data_key(conn, workspace)).await?;
        let key = match found {
            Some(row) => data_key(row),
            None => self.first_data_key(workspace, now).await?,
        };
        Ok(self.vault.seal(workspace, subject, &key, plain)?)
    }

    async fn first_data_key(&self, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<DataKey, SecretError> {
        let row = data_key_row(workspace, self.vault.new_data_key(workspace, None)?);
        let kept = self.database.with_tenant(workspace, move |conn| {
            sealed::data_key_insert(conn, row, now)?;
            sealed::data_key(conn, workspace)
        });
        let kept = kept.await?.ok_or_else(|| store::Error::Corrupt("a data key that was written isn't there".to_owned()))?;
        Ok(data_key(kept))
    }

    /// The secrets with these names; every one must exist.
    pub async fn secrets(&self, workspace: WorkspaceId, names: Vec<String>) -> Result<BTreeMap<String, String>, SecretError> {
        let wanted = names.clone();
        let rows = self.database.engine(move |conn| Ok(sealed::secrets(conn, workspace.0, &wanted)?)).await?;
        let mut values = BTreeMap::new();
        for row in rows {
            let value = self.open(workspace, |row| Subject::Secret(&row.name), &row)?;
            values.insert(row.name, value);
        }
        complete("secret", &names, values)
    }

    /// The credentials that a version's steps name so; every one must exist, and those of other workspaces must be shared.
    pub async fn credentials(
        &self,
        workspace: WorkspaceId,
        names: Vec<String>,
        of: Of,
    ) -> Result<BTreeMap<String, Arc<Credential>>, SecretError> {
        let (own, foreign): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| shared_name(name).is_none());
        let wanted = own.clone();
        let rows = self.database.engine(move |conn| Ok(sealed::credentials(conn, workspace.0, &wanted)?)).await?;
        let mut credentials = BTreeMap::new();
        for row in rows {
            credentials.insert(row.name.clone(), self.credential(&row)?);
        }
        let mut credentials = complete("credential", &own, credentials)?;
        if foreign.is_empty() {
            return Ok(credentials);
        }
        let wanted: Vec<_> = foreign.iter().filter_map(|name| shared_name(name)).collect();
        let find = move |conn: &mut store::Connection| {
            let owner = version::owner(conn, workspace.0, of)?;
            Ok(sealed::shared_credentials(conn, (workspace.0, owner), &wanted)?)
        };
        for SharedRow { slug, sealed } in self.database.engine(find).await? {
            credentials.insert(format!("{slug}/{}", sealed.name), self.credential(&sealed)?);
        }
        match foreign.into_iter().find(|name| !credentials.contains_key(name)) {
            Some(missing) => Err(SecretError::NotShared(missing)),
            None => Ok(credentials),
        }
    }

    /// The first of these names that a workflow which `owner` saves in `workspace` could not use, if it is one of another workspace.
    pub async fn not_shared(
        &self,
        workspace: WorkspaceId,
        owner: UserId,
        names: Vec<String>,
    ) -> Result<Option<String>, store::Error> {
        let wanted: Vec<_> = names.iter().filter_map(|name| shared_name(name)).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let find =
            move |conn: &mut store::Connection| Ok(sealed::shared_credentials(conn, (workspace.0, Some(owner.0)), &wanted)?);
        let found = self.database.engine(find).await?;
        let is_found = |(slug, name): (String, String)| found.iter().any(|row| row.slug == slug && row.sealed.name == name);
        Ok(names.into_iter().find(|name| shared_name(name).is_some_and(|name| !is_found(name))))
    }

    /// Opens a credential, with the keys of the workspace that it belongs to.
    fn credential(&self, row: &SealedRow) -> Result<Arc<Credential>, SecretError> {
        let workspace = WorkspaceId(row.workspace_id);
        let secret = self.open(workspace, |row| Subject::Credential(&row.name, &row.settings), row)?;
        let unusable = |why: String| SecretError::Unusable { what: format!("credential `{}`", row.name), why };
        let settings: Settings = serde_json::from_str(&row.settings).map_err(|error| unusable(error.to_string()))?;
        let secret = Some(secret.as_str()).filter(|secret| !secret.is_empty());
        let key = format!("{workspace}/{}", row.name);
        Ok(Arc::new(settings.credential(key, &row.name, &row.kind, secret).map_err(unusable)?))
    }

    /// What a row holds, which must be text.
    pub fn open<'r>(
        &self,
        workspace: WorkspaceId,
        subject: impl FnOnce(&'r SealedRow) -> Subject<'r>,
        row: &'r SealedRow,
    ) -> Result<String, SecretError> {
        let subject = subject(row);
        let sealed = Sealed { key_version: row.key_version, nonce: row.nonce.clone(), ciphertext: row.ciphertext.clone() };
        let plain = self.vault.unseal(workspace, subject, data_key_of(row).as_ref(), &sealed)?;
        let not_text = |_| SecretError::Unusable { what: format!("secret `{}`", row.name), why: "it is not text".to_owned() };
        std::str::from_utf8(&plain).map(str::to_owned).map_err(not_text)
    }
}

/// The slug and the name of a credential that belongs to a workspace which the file names.
fn shared_name(text: &str) -> Option<(String, String)> {
    let reference = Reference::parse(text)?;
    Some((reference.workspace?.to_owned(), reference.name.to_owned()))
}

fn complete<T>(noun: &'static str, names: &[String], found: BTreeMap<String, T>) -> Result<BTreeMap<String, T>, SecretError> {
    match names.iter().find(|name| !found.contains_key(*name)) {
        Some(name) => Err(SecretError::Missing { noun, name: name.clone() }),
        None => Ok(found),
    }
}

fn data_key_of(row: &SealedRow) -> Option<DataKey> {
    let (key_version, nonce, ciphertext) = (row.data_key_version?, row.data_key_nonce.clone()?, row.data_key.clone()?);
    Some(DataKey { version: row.key_version, sealed: Sealed { key_version, nonce, ciphertext } })
}

pub(super) fn data_key(row: DataKeyRow) -> DataKey {
    let sealed = Sealed { key_version: row.key_version, nonce: row.nonce, ciphertext: row.ciphertext };
    DataKey { version: row.version, sealed }
}

pub(super) fn data_key_row(workspace: WorkspaceId, key: DataKey) -> DataKeyRow {
    let Sealed { key_version, nonce, ciphertext } = key.sealed;
    DataKeyRow { workspace_id: workspace.0, version: key.version, key_version, nonce, ciphertext }
}
