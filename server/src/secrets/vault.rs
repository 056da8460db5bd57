//! Seals and opens secrets.

use std::fmt;
use std::path::Path;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use tidemill_common::ids::WorkspaceId;
use zeroize::Zeroizing;

use super::Error;
use super::key::{self, KEY_BYTES};

/// The version of the one key that a server has.
const KEY_VERSION: i16 = 1;
/// Length of a nonce, in bytes (NIST SP 800-38D §8.2.2: 96 random bits, safe for 2^32 secrets of one key).
const NONCE_BYTES: usize = 12;

/// A secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The version of the key that sealed it.
    pub key_version: i16,
    /// Random, never the same twice.
    pub nonce: Vec<u8>,
    /// The encrypted secret and its authentication tag.
    pub ciphertext: Vec<u8>,
}

/// Holds the key. Overwrites it when it is dropped, and never prints it.
pub struct Vault(Aes256Gcm);

impl Vault {
    /// A vault with the key in `data_dir`, which is made on the first start.
    pub fn open_or_create(data_dir: &Path) -> Result<Self, Error> {
        key::load_or_create(data_dir, key::KEY_FILE).map(|key| Self::new(&key))
    }

    /// A vault with the given key. The caller overwrites its own copy.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Encrypts `plain`, so that only this `workspace` and `name` can open it again.
    ///
    /// # Panics
    /// When the operating system has no random numbers to give.
    #[must_use]
    pub fn seal(&self, workspace: WorkspaceId, name: &str, plain: &[u8]) -> Sealed {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("a started operating system has random numbers");
        let payload = Payload { msg: plain, aad: &binding(workspace, name, KEY_VERSION) };
        let ciphertext = self.0.encrypt(&nonce.into(), payload).expect("a secret is far below 64 GiB");
        Sealed { key_version: KEY_VERSION, nonce: nonce.to_vec(), ciphertext }
    }

    /// Decrypts what [`Vault::seal`] made for the same `workspace` and `name`.
    pub fn open(&self, workspace: WorkspaceId, name: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Error> {
        if sealed.key_version != KEY_VERSION {
            return Err(Error::UnknownKeyVersion { name: name.to_owned(), key_version: sealed.key_version });
        }
        let refused = || Error::Refused { name: name.to_owned() };
        let nonce: [u8; NONCE_BYTES] = sealed.nonce.as_slice().try_into().map_err(|_| refused())?;
        let payload = Payload { msg: &sealed.ciphertext, aad: &binding(workspace, name, sealed.key_version) };
        self.0.decrypt(&nonce.into(), payload).map(Zeroizing::new).map_err(|_| refused())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// What a ciphertext is bound to. Fixed lengths first, so that no two rows share it.
fn binding(workspace: WorkspaceId, name: &str, key_version: i16) -> Vec<u8> {
    [workspace.0.as_bytes().as_slice(), &key_version.to_be_bytes(), name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn vault() -> Vault {
        Vault::new(&[7; KEY_BYTES])
    }

    fn workspace(millis: i64) -> WorkspaceId {
        WorkspaceId::new(DateTime::from_timestamp_millis(millis).unwrap())
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed() {
        let home = workspace(1);
        let sealed = vault().seal(home, "shop", b"hunter2");
        assert_eq!(vault().open(home, "shop", &sealed).unwrap().as_slice(), b"hunter2");
        assert!(!sealed.ciphertext.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(vault().seal(home, "shop", b"hunter2"), sealed, "the nonce is new each time");
    }

    #[test]
    fn a_row_moved_elsewhere_stays_shut() {
        let home = workspace(1);
        let sealed = vault().seal(home, "shop", b"hunter2");
        let refused = |result: Result<_, Error>| matches!(result, Err(Error::Refused { .. }));
        assert!(refused(vault().open(workspace(2), "shop", &sealed).map(drop)));
        assert!(refused(vault().open(home, "shop2", &sealed).map(drop)));
        assert!(refused(Vault::new(&[8; KEY_BYTES]).open(home, "shop", &sealed).map(drop)));
        assert!(refused(vault().open(home, "shop", &Sealed { nonce: vec![1; 11], ..sealed.clone() }).map(drop)));
        let newer = Sealed { key_version: 2, ..sealed };
        assert!(matches!(vault().open(home, "shop", &newer), Err(Error::UnknownKeyVersion { key_version: 2, .. })));
    }

    #[test]
    fn the_vault_does_not_print_its_key() {
        assert_eq!(format!("{:?}", vault()), "Vault(…)");
    }

    #[test]
    fn the_key_of_the_data_directory_is_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let home = workspace(1);
        let sealed = Vault::open_or_create(dir.path()).unwrap().seal(home, "shop", b"hunter2");
        let reopened = Vault::open_or_create(dir.path()).unwrap();
        assert_eq!(reopened.open(home, "shop", &sealed).unwrap().as_slice(), b"hunter2");
    }

    proptest! {
        #[test]
        fn one_flipped_bit_is_refused(plain in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let home = workspace(1);
            let mut sealed = vault().seal(home, "shop", &plain);
            let place = at.index(sealed.ciphertext.len());
            sealed.ciphertext[place] ^= 1 << bit;
            prop_assert!(vault().open(home, "shop", &sealed).is_err());
        }
    }
}
