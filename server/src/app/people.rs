//! Everything about people: accounts, sign-in, organisations, workspaces, members, invites, shares. One struct, a file per noun.

use std::sync::Arc;

use tidemill_common::clock::Clock;

use super::{Activated, Error};
use crate::auth::password::{self, Passwords};
use crate::auth::{Authenticator, Kind, Secret};
use crate::live::Live;
use crate::secrets::AccountKey;
use crate::store::Database;

/// Accounts, organisations, workspaces and who may do what in them.
#[derive(Clone)]
pub struct People {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) authenticator: Authenticator,
    pub(super) key: Arc<AccountKey>,
    pub(super) passwords: Passwords,
    pub(super) activated: Activated,
    pub(super) url: Live<String>,
}

/// What [`People`] needs besides the database.
pub struct PeopleParts {
    /// Forgets whose access changed.
    pub authenticator: Authenticator,
    /// The key behind passwords and second factors.
    pub key: AccountKey,
    /// Called when a workspace's triggers come to life or fall silent.
    pub activated: Activated,
    /// Where others reach this server: the beginning of links, without a slash at its end.
    pub url: Live<String>,
}

impl People {
    /// People in `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>, parts: PeopleParts) -> Self {
        let key = Arc::new(parts.key);
        Self {
            database,
            clock,
            authenticator: parts.authenticator,
            passwords: Passwords::new(Arc::clone(&key)),
            key,
            activated: parts.activated,
            url: parts.url,
        }
    }

    /// A link to a page of this server with a secret in it.
    pub(super) fn link(&self, page: &str, secret: &str) -> String {
        format!("{}/{page}/{secret}", self.url.get())
    }
}

/// A new secret.
pub(super) fn new_secret(kind: Kind) -> Result<Secret, Error> {
    Secret::generate(kind).map_err(no_random_bytes)
}

/// The operating system gives no random bytes.
pub(super) fn no_random_bytes(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("the operating system gives no random bytes: {error}"))
}

/// An address as it is kept: in small letters. Whether it exists only mail can tell.
pub(super) fn check_email(email: &str) -> Result<String, Error> {
    let email = email.trim().to_lowercase();
    let parts = email.split_once('@');
    let fits = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && email.len() <= 254
        && !email.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    if fits { Ok(email) } else { Err(Error::Invalid("`email` must be an address such as ann@example.com".to_owned())) }
}

impl From<password::Error> for Error {
    fn from(error: password::Error) -> Self {
        match error {
            password::Error::Length => Self::Invalid(format!("`password`: {error}")),
            password::Error::Failed(_) => Self::Internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_small_letters() {
        assert_eq!(check_email(" Ann@Example.COM ").unwrap(), "ann@example.com");
        for bad in ["", "ann", "@b", "a@", "a@b@c", "a b@c", "a@b\nc", &format!("{}@b", "a".repeat(254))] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }
}
