//! Seals and opens secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::{Aes256Gcm, KeyInit as _};
use tidemill_common::ids::WorkspaceId;
use zeroize::Zeroizing;

use super::key::{self, KEY_BYTES, Key};
use super::sealed::{DataKey, Sealed, Subject, open, seal};
use super::{Error, KEY_FILE};

/// The version of what the server's first key sealed itself, before there were data keys.
const BEFORE_DATA_KEYS: i16 = 1;
/// What the check of a server key seals.
const CHECK: &[u8] = b"tidemill key check";

/// Holds the keys of the server. Overwrites them when it is dropped, and never prints them.
pub struct Vault {
    data_dir: PathBuf,
    keys: RwLock<BTreeMap<i16, Arc<Aes256Gcm>>>,
}

impl Vault {
    /// The vault of `data_dir`; none when there is no key file yet.
    pub fn open(data_dir: &Path) -> Result<Option<Self>, Error> {
        let keys = key::load(data_dir)?;
        let vault = Self { data_dir: data_dir.to_owned(), keys: RwLock::new(ciphers(&keys)) };
        Ok((!keys.is_empty()).then_some(vault))
    }

    /// The vault of `data_dir`, which gets its first key when it has none.
    pub fn create(data_dir: &Path) -> Result<Self, Error> {
        key::create(data_dir, 1)?;
        Self::open(data_dir)?.ok_or_else(|| Error::MissingKey { version: 1, path: data_dir.join(KEY_FILE) })
    }

    /// Makes the next key of the server and returns its version. From now on it seals data keys.
    pub fn create_next(&self) -> Result<i16, Error> {
        let version = self.newest()? + 1;
        key::create(&self.data_dir, version)?;
        self.newest()
    }

    /// The version of the newest key: the one that seals. Looks into the data directory, where a newer one may have come.
    pub fn newest(&self) -> Result<i16, Error> {
        self.reload()?;
        self.lock_keys().last_key_value().map(|(version, _)| *version).ok_or_else(|| self.missing(1))
    }

    /// Where the file of key `version` is.
    pub fn path_of(&self, version: i16) -> PathBuf {
        key::path_of(&self.data_dir, version)
    }

    /// What is kept in the database to know key `version` by.
    pub fn check_of(&self, version: i16) -> Result<Sealed, Error> {
        Ok(seal(&*self.key(version)?, version, &check_binding(version), CHECK))
    }

    /// Whether the key here is the one that made `check`.
    pub fn verify(&self, check: &Sealed) -> Result<(), Error> {
        let version = check.key_version;
        match open(&*self.key(version)?, &check_binding(version), check) {
            Some(_) => Ok(()),
            None => Err(Error::WrongKey { path: self.path_of(version) }),
        }
    }

    /// A new data key for `workspace`, the one after `version`.
    ///
    /// # Panics
    /// When the operating system has no random numbers to give.
    pub fn new_data_key(&self, workspace: WorkspaceId, version: Option<i16>) -> Result<DataKey, Error> {
        let mut plain = Key::default();
        getrandom::fill(plain.as_mut_slice()).expect("a started operating system has random numbers");
        let version = version.unwrap_or(BEFORE_DATA_KEYS) + 1;
        Ok(DataKey { version, sealed: self.seal_data_key(workspace, version, plain.as_slice())? })
    }

    /// The same data key, sealed with the newest key of the server.
    pub fn seal_anew(&self, workspace: WorkspaceId, key: &DataKey) -> Result<DataKey, Error> {
        let plain = self.open_data_key(workspace, key)?;
        Ok(DataKey { version: key.version, sealed: self.seal_data_key(workspace, key.version, &plain)? })
    }

    /// Encrypts `plain` with the data key, so that it opens only in this `workspace` and as this `subject`.
    pub fn seal(&self, workspace: WorkspaceId, subject: Subject<'_>, key: &DataKey, plain: &[u8]) -> Result<Sealed, Error> {
        let cipher = self.data_cipher(workspace, key)?;
        Ok(seal(&cipher, key.version, &binding(workspace, key.version, subject), plain))
    }

    /// Decrypts what [`Vault::seal`] made. `key` is the data key with the version that `sealed` names.
    pub fn unseal(
        &self,
        workspace: WorkspaceId,
        subject: Subject<'_>,
        key: Option<&DataKey>,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let refused = || Error::Refused { what: subject.to_text() };
        let opened = match (key, subject) {
            (Some(key), _) if key.version == sealed.key_version => {
                let cipher = self.data_cipher(workspace, key)?;
                open(&cipher, &binding(workspace, key.version, subject), sealed)
            }
            (_, Subject::Secret(name)) if sealed.key_version == BEFORE_DATA_KEYS => {
                open(&*self.key(1)?, &old_binding(workspace, name), sealed)
            }
            _ => None,
        };
        opened.ok_or_else(refused)
    }

    fn seal_data_key(&self, workspace: WorkspaceId, version: i16, plain: &[u8]) -> Result<Sealed, Error> {
        let newest = self.newest()?;
        Ok(seal(&*self.key(newest)?, newest, &data_key_binding(workspace, version), plain))
    }

    fn open_data_key(&self, workspace: WorkspaceId, key: &DataKey) -> Result<Zeroizing<Vec<u8>>, Error> {
        let cipher = self.key(key.sealed.key_version)?;
        let opened = open(&cipher, &data_key_binding(workspace, key.version), &key.sealed);
        opened.ok_or_else(|| Error::Refused { what: format!("data key {} of the workspace", key.version) })
    }

    fn data_cipher(&self, workspace: WorkspaceId, key: &DataKey) -> Result<Aes256Gcm, Error> {
        let plain = self.open_data_key(workspace, key)?;
        let refused = |_| Error::Refused { what: format!("data key {} of the workspace", key.version) };
        Aes256Gcm::new_from_slice(&plain).map_err(refused)
    }

    /// Key `version`. One that is not known yet may have come into the data directory since.
    fn key(&self, version: i16) -> Result<Arc<Aes256Gcm>, Error> {
        if let Some(key) = self.lock_keys().get(&version) {
            return Ok(Arc::clone(key));
        }
        self.reload()?;
        self.lock_keys().get(&version).cloned().ok_or_else(|| self.missing(version))
    }

    fn reload(&self) -> Result<(), Error> {
        let found = ciphers(&key::load(&self.data_dir)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }

    fn lock_keys(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<i16, Arc<Aes256Gcm>>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn missing(&self, version: i16) -> Error {
        Error::MissingKey { version, path: self.path_of(version) }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

fn ciphers(keys: &BTreeMap<i16, Key>) -> BTreeMap<i16, Arc<Aes256Gcm>> {
    let cipher = |key: &[u8; KEY_BYTES]| Arc::new(Aes256Gcm::new(key.into()));
    keys.iter().map(|(version, key)| (*version, cipher(key))).collect()
}

fn check_binding(version: i16) -> Vec<u8> {
    [b"key check\0".as_slice(), &version.to_be_bytes()].concat()
}

fn data_key_binding(workspace: WorkspaceId, version: i16) -> Vec<u8> {
    [b"data key\0".as_slice(), workspace.0.as_bytes(), &version.to_be_bytes()].concat()
}

/// What a ciphertext is bound to. Fixed lengths first, so that no two rows share it.
fn binding(workspace: WorkspaceId, version: i16, subject: Subject<'_>) -> Vec<u8> {
    [workspace.0.as_bytes().as_slice(), &version.to_be_bytes(), &subject.binding()].concat()
}

fn old_binding(workspace: WorkspaceId, name: &str) -> Vec<u8> {
    [workspace.0.as_bytes().as_slice(), &BEFORE_DATA_KEYS.to_be_bytes(), name.as_bytes()].concat()
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
