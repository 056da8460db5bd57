//! Secrets of a workspace: put, listed by name, deleted; never shown.

use std::sync::Arc;

use tidemill_common::api::secret::{SecretList, SecretView};
use tidemill_common::clock::Clock;

use super::access::authorize;
use super::audit::Act;
use super::error::Error;
use crate::auth::{Caller, Operation};
use crate::secrets::{Keeper, Subject};
use crate::store::Database;
use crate::store::queries::secret;
use crate::store::rows::secret::Secret;

/// Longest value of a secret, in bytes.
const VALUE_BYTES: usize = 64 * 1024;

/// Called after a secret was put or deleted: what was made of the old value is to be forgotten.
pub type SecretChanged = Arc<dyn Fn() + Send + Sync>;

/// Secrets of a workspace.
#[derive(Clone)]
pub struct Secrets {
    database: Database,
    keeper: Keeper,
    clock: Arc<dyn Clock>,
    changed: SecretChanged,
}

impl Secrets {
    /// Secrets in `database`, sealed by `keeper`.
    pub fn new(database: Database, keeper: Keeper, clock: Arc<dyn Clock>, changed: SecretChanged) -> Self {
        Self { database, keeper, clock, changed }
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
        check_name("secret", name)?;
        check_value("value", value)?;
        let now = self.clock.now();
        let sealed = self.keeper.seal(caller.workspace, Subject::Secret(name), value.as_bytes(), now).await?;
        let view = SecretView { name: name.to_owned(), updated_at: now };
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
        (self.changed)();
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
        deleted.await.map_err(Error::of("secret"))?;
        (self.changed)();
        Ok(())
    }
}

/// A name that an expression can say.
pub(super) fn check_name(noun: &str, name: &str) -> Result<(), Error> {
    let fits = name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits {
        return Ok(());
    }
    Err(Error::Invalid(format!("a {noun}'s name has 1 to 63 of a-z, 0-9 and _, and begins with a letter")))
}

/// A value that can be kept.
pub(super) fn check_value(field: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() || value.len() > VALUE_BYTES {
        return Err(Error::Invalid(format!("`{field}` must have 1 to {VALUE_BYTES} bytes; this one has {}", value.len())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_expressions() {
        for good in ["a", "shop_key", "k2", &"a".repeat(63)] {
            check_name("secret", good).unwrap();
        }
        for bad in ["", "A", "2a", "_a", "a-b", "a.b", "ä", &"a".repeat(64)] {
            assert!(check_name("secret", bad).is_err(), "{bad}");
        }
    }
}
