//! Secrets of a workspace: put, listed by name, deleted; never shown.

use std::sync::Arc;

use tidemill_common::api::secret::{SecretList, SecretView};
use tidemill_common::clock::Clock;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use crate::auth::{Caller, Operation};
use crate::secrets::Vault;
use crate::store::Database;
use crate::store::queries::secret;
use crate::store::rows::secret::Secret;

/// Longest value of a secret, in bytes.
const VALUE_BYTES: usize = 64 * 1024;

/// Secrets of a workspace.
#[derive(Clone)]
pub struct Secrets {
    database: Database,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
}

impl Secrets {
    /// Secrets in `database`, encrypted by `vault`.
    pub fn new(database: Database, vault: Arc<Vault>, clock: Arc<dyn Clock>) -> Self {
        Self { database, vault, clock }
    }

    /// The names of the workspace's secrets.
    pub async fn list(&self, caller: &Caller) -> Result<SecretList, Error> {
        authorize(caller, Operation::SecretList)?;
        let workspace = caller.workspace;
        let rows = self.database.with_tenant(workspace, move |conn| secret::secret_list(conn, workspace)).await?;
        Ok(SecretList {
            items: rows.into_iter().map(|row| SecretView { name: row.name, updated_at: row.updated_at }).collect(),
        })
    }

    /// Makes or replaces a secret. Returns whether it is new.
    pub async fn put(&self, caller: &Caller, name: &str, value: &str) -> Result<(SecretView, bool), Error> {
        authorize(caller, Operation::SecretPut)?;
        check_name(name)?;
        if value.is_empty() || value.len() > VALUE_BYTES {
            return Err(Error::Invalid(format!("`value` must have 1 to {VALUE_BYTES} bytes; this one has {}", value.len())));
        }
        let sealed = self.vault.seal(caller.workspace, name, value.as_bytes());
        let view = SecretView { name: name.to_owned(), updated_at: self.clock.now() };
        let row = Secret {
            workspace_id: caller.workspace.0,
            name: view.name.clone(),
            key_version: sealed.key_version,
            nonce: sealed.nonce,
            ciphertext: sealed.ciphertext,
            updated_at: view.updated_at,
        };
        let act = Act::of(caller, Operation::SecretPut, view.updated_at);
        let put = self.database.with_tenant(caller.workspace, move |conn| {
            let created = secret::secret_put(conn, &row)?;
            act.on("secret", &row.name).after(&row.ciphertext).write(conn)?;
            Ok(created)
        });
        let created = put.await?;
        Ok((view, created))
    }

    /// Deletes a secret. Steps that read it fail from then on.
    pub async fn delete(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        authorize(caller, Operation::SecretDelete)?;
        let (workspace, name) = (caller.workspace, name.replace('\0', ""));
        let act = Act::of(caller, Operation::SecretDelete, self.clock.now());
        let deleted = self.database.with_tenant(workspace, move |conn| {
            secret::secret_delete(conn, workspace, &name)?;
            act.on("secret", &name).write(conn)
        });
        deleted.await.map_err(Error::of("secret"))
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let fits = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(());
    }
    Err(Error::Invalid("a secret's name has 1 to 63 of a-z, 0-9 and _, and begins with a letter".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_expressions() {
        for good in ["a", "shop_key", "k2", &"a".repeat(63)] {
            check_name(good).unwrap();
        }
        for bad in ["", "A", "2a", "_a", "a-b", "a.b", "ä", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
