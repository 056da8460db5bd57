//! Compiled workflow versions, kept for the executions that need them, and the secrets and credentials that they use.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidemill_common::ids::{ExecutionId, UserId, WorkflowUid, WorkspaceId};

use super::plans::Plans;
use crate::domain::known_secrets::KnownSecrets;
use crate::domain::workflow::plan::Plan;
use crate::secrets::{Keeper, SecretError};
use crate::store::queries::version::{self, Of};
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
    /// The workspace lacks a secret or a credential that the version uses, or it can't be opened.
    #[error("{0}")]
    Secret(String),
}

impl From<SecretError> for VersionError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Store(error) => Self::Store(error),
            other => Self::Secret(other.to_string()),
        }
    }
}

/// The versions that this node has compiled. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Versions {
    database: Database,
    keeper: Keeper,
    plans: Plans,
}

impl Versions {
    /// No version yet.
    #[must_use]
    pub fn new(database: Database, keeper: Keeper) -> Self {
        Self { database, keeper, plans: Plans::default() }
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
        Ok(Arc::new(self.keeper.secrets(workspace_id, names).await?))
    }

    /// The first of these credentials that a workflow which `owner` saves in the workspace could not use, if it is one of another
    /// workspace.
    pub async fn not_shared(
        &self,
        workspace_id: WorkspaceId,
        owner: UserId,
        names: Vec<String>,
    ) -> Result<Option<String>, store::Error> {
        self.keeper.not_shared(workspace_id, owner, names).await
    }

    /// Everything confidential with these names: secrets, credentials. All of it must exist.
    pub async fn confidential(
        &self,
        workspace_id: WorkspaceId,
        (secrets, credentials): (Vec<String>, Vec<String>),
        of: Of,
    ) -> Result<KnownSecrets, VersionError> {
        let secrets = if secrets.is_empty() { BTreeMap::new() } else { self.keeper.secrets(workspace_id, secrets).await? };
        let credentials = if credentials.is_empty() {
            BTreeMap::new()
        } else {
            self.keeper.credentials(workspace_id, credentials, of).await?
        };
        Ok(KnownSecrets::new(secrets, credentials))
    }

    /// Everything confidential that the steps of `plan` use, for an execution of it; all of it must exist. What `made` gives for a
    /// name is not looked up.
    pub async fn known_secrets(
        &self,
        (workspace_id, execution): (WorkspaceId, ExecutionId),
        plan: &Plan,
        made: impl Fn(&str) -> Option<String>,
    ) -> Result<Arc<KnownSecrets>, VersionError> {
        let (mut secrets, mut credentials) = (BTreeMap::new(), BTreeMap::new());
        let mut names = plan.secret_names();
        names.retain(|name| match made(name) {
            Some(value) => secrets.insert(name.clone(), value).is_some(),
            None => true,
        });
        if !names.is_empty() {
            secrets.extend(self.keeper.secrets(workspace_id, names).await?);
        }
        let credential_names = plan.credential_names();
        if !credential_names.is_empty() {
            credentials = self.keeper.credentials(workspace_id, credential_names, Of::Execution(execution)).await?;
        }
        Ok(Arc::new(KnownSecrets::new(secrets, credentials)))
    }
}
