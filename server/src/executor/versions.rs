//! Compiled workflow versions and their secrets, kept for the executions that need them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidemill_common::ids::{WorkflowUid, WorkspaceId};

use super::plans::Plans;
use crate::domain::workflow::plan::Plan;
use crate::secrets::{Sealed, Vault};
use crate::store::queries::version;
use crate::store::{self, Database};

/// Names one workflow version.
pub type VersionKey = (WorkspaceId, WorkflowUid, i32);

/// Why a version can't be executed.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// The database can't be read.
    #[error("the workflow version can't be read")]
    Store(#[from] store::Error),
    /// There is no such version.
    #[error("there is no such workflow version")]
    Missing,
    /// The version was valid once, but this binary refuses it; the log says why.
    #[error("this binary refuses the workflow version")]
    Refused,
    /// The workspace lacks a secret that the version reads, or it can't be opened.
    #[error("the secret `{name}` {why}")]
    Secret {
        /// The secret.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// The versions that this node has compiled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Versions {
    database: Database,
    vault: Arc<Vault>,
    plans: Plans,
}

impl Versions {
    /// No version yet.
    #[must_use]
    pub fn new(database: Database, vault: Arc<Vault>) -> Self {
        Self { database, vault, plans: Plans::default() }
    }

    /// The plans that are remembered.
    #[must_use]
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    /// The compiled version. Versions are immutable, so that what is kept never goes stale.
    pub async fn plan(&self, key: VersionKey) -> Result<Arc<Plan>, VersionError> {
        let (workspace_id, workflow_uid, number) = key;
        if let Some(plan) = self.plans.recall(workflow_uid, number) {
            return Ok(plan);
        }
        let plans = self.plans.clone();
        self.database
            .engine(move |connection| {
                let source = version::source(connection, workspace_id.0, workflow_uid.0, number)?;
                Ok(source.map(|source| plans.compile(workflow_uid, number, &source)))
            })
            .await?
            .ok_or(VersionError::Missing)?
            .ok_or(VersionError::Refused)
    }

    /// The values of the workspace's secrets with these names; every one must exist.
    pub async fn secrets(
        &self,
        workspace_id: WorkspaceId,
        names: Vec<String>,
    ) -> Result<Arc<BTreeMap<String, String>>, VersionError> {
        if names.is_empty() {
            return Ok(Arc::default());
        }
        let wanted = names.clone();
        let rows = self.database.engine(move |connection| Ok(version::secrets(connection, workspace_id.0, &wanted)?)).await?;
        let mut values = BTreeMap::new();
        for row in rows {
            let sealed = Sealed { key_version: row.key_version, nonce: row.nonce, ciphertext: row.ciphertext };
            let refused = |why: String| VersionError::Secret { name: row.name.clone(), why };
            let plain = self.vault.open(workspace_id, &row.name, &sealed).map_err(|error| refused(error.to_string()))?;
            let text = std::str::from_utf8(&plain).map_err(|_| refused("is not text".to_owned()))?;
            values.insert(row.name.clone(), text.to_owned());
        }
        match names.into_iter().find(|name| !values.contains_key(name)) {
            Some(name) => {
                let why = format!("is not set in this workspace; set it with `tidemill secret set {name}`");
                Err(VersionError::Secret { name, why })
            }
            None => Ok(Arc::new(values)),
        }
    }
}
