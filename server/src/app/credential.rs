//! Credentials of a workspace: put, listed, shown without their secret, deleted.

use std::sync::Arc;

use tidemill_common::api::credential::{CredentialList, CredentialPut, CredentialType, CredentialView, RateLimit};
use tidemill_common::api::plan::Metric;
use tidemill_common::api::share::Shareable;
use tidemill_common::clock::Clock;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use super::quota::one_more;
use super::secret::{check_name, check_value};
use crate::auth::{Caller, Operation};
use crate::domain::credential::Settings;
use crate::secrets::{Keeper, Subject};
use crate::store::queries::{credential, share};
use crate::store::rows::credential::Credential;
use crate::store::{self, Database};

/// Credentials of a workspace.
#[derive(Clone)]
pub struct Credentials {
    database: Database,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
}

impl Credentials {
    /// Credentials in `database`, sealed by `keeper`.
    pub fn new(database: Database, keeper: Keeper, clock: Arc<dyn Clock>) -> Self {
        Self { database, keeper, clock }
    }

    /// The workspace's credentials.
    pub async fn list(&self, caller: &Caller) -> Result<CredentialList, Error> {
        authorize(caller, Operation::CredentialList)?;
        let workspace = caller.workspace;
        let rows = self.database.with_tenant(workspace, move |conn| credential::credential_list(conn, workspace)).await?;
        Ok(CredentialList { items: rows.into_iter().map(view).collect::<Result<_, _>>()? })
    }

    /// One credential, without its secret.
    pub async fn view(&self, caller: &Caller, name: &str) -> Result<CredentialView, Error> {
        authorize(caller, Operation::CredentialView)?;
        let (workspace, name) = (caller.workspace, name.replace('\0', ""));
        let found = self.database.with_tenant(workspace, move |conn| credential::credential_find(conn, workspace, &name));
        Ok(view(found.await.map_err(Error::of("credential"))?)?)
    }

    /// Makes or replaces a credential. Returns whether it is new.
    pub async fn put(&self, caller: &Caller, name: &str, wanted: CredentialPut) -> Result<(CredentialView, bool), Error> {
        authorize(caller, Operation::CredentialPut)?;
        check_name("credential", name)?;
        let secret = wanted.secret.clone().unwrap_or_default();
        if wanted.secret.is_some() {
            check_value("secret", &secret)?;
        }
        let kind = wanted.kind.as_str();
        let mut settings = settings(wanted);
        let given = Some(secret.as_str()).filter(|secret| !secret.is_empty());
        let built = settings.credential(name.to_owned(), name, kind, given).map_err(Error::Invalid)?;
        settings.hosts = built.hosts.iter().map(ToString::to_string).collect();
        let settings = serde_json::to_string(&settings).map_err(|error| Error::Internal(error.to_string()))?;
        let now = self.clock.now();
        let subject = Subject::Credential(name, &settings);
        let sealed = self.keeper.seal(caller.workspace, subject, secret.as_bytes(), now).await?;
        let row = Credential {
            workspace_id: caller.workspace.0,
            name: name.to_owned(),
            kind: kind.to_owned(),
            settings,
            key_version: sealed.key_version,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
            updated_at: now,
        };
        let shown = view(row.clone())?;
        let act = Act::of(caller, Operation::CredentialPut, now);
        let workspace = caller.workspace;
        let put = self.database.with_tenant(workspace, move |conn| {
            let is_new = matches!(credential::credential_find(conn, workspace, &row.name), Err(store::Error::NotFound));
            if is_new && let Err(refused) = one_more(conn, Metric::Integrations)? {
                return Ok(Err(refused));
            }
            let created = credential::credential_put(conn, &row)?;
            act.on("credential", &row.name).after(&(&row.settings, &row.ciphertext)).write(conn)?;
            Ok(Ok(created))
        });
        let created = put.await??;
        Ok((shown, created))
    }

    /// Deletes a credential. Steps that use it fail from then on.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        authorize(caller, Operation::CredentialDelete)?;
        let (workspace, name) = (caller.workspace, name.replace('\0', ""));
        let act = Act::of(caller, Operation::CredentialDelete, self.clock.now());
        let deleted = self.database.with_tenant(workspace, move |conn| {
            credential::credential_delete(conn, workspace, &name)?;
            // Another one of this name would be shared without anybody's wish.
            share::share_delete_object(conn, workspace, Shareable::Credential, &name)?;
            act.on("credential", &name).write(conn)
        });
        deleted.await.map_err(Error::of("credential"))
    }
}

fn settings(wanted: CredentialPut) -> Settings {
    let CredentialPut { hosts, username, header, query, token_url, client_id, scope, rate_limit, .. } = wanted;
    let rate = rate_limit.map(|rate| (rate.requests, rate.seconds));
    Settings { hosts, username, header, query, token_url, client_id, scope, rate }
}

fn view(row: Credential) -> Result<CredentialView, store::Error> {
    let corrupt = |what: String| store::Error::Corrupt(format!("the credential `{}`: {what}", row.name));
    let settings: Settings = serde_json::from_str(&row.settings).map_err(|error| corrupt(error.to_string()))?;
    let kind = CredentialType::from_word(&row.kind).ok_or_else(|| corrupt(format!("its type is `{}`", row.kind)))?;
    Ok(CredentialView {
        name: row.name,
        kind,
        hosts: settings.hosts,
        username: settings.username,
        header: settings.header,
        query: settings.query,
        token_url: settings.token_url,
        client_id: settings.client_id,
        scope: settings.scope,
        rate_limit: settings.rate.map(|(requests, seconds)| RateLimit { requests, seconds }),
        updated_at: row.updated_at,
    })
}
