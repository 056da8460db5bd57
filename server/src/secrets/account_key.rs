//! The key behind passwords and second factors: the pepper of password hashes, and what seals the rest.
//!
//! It is a key of its own, so that a new key for secrets leaves passwords as they are. Without it, nobody's password is right any
//! more; a password can then be set anew with an API token.

use std::fmt;
use std::path::Path;

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tidemill_common::ids::UserId;
use zeroize::Zeroizing;

use super::Error;
use super::key::{self, KEY_BYTES, Key};

/// Name of the key file within the data directory.
pub(super) const FILE: &str = "account.key";
/// Length of a nonce, in bytes (NIST SP 800-38D §8.2.2).
const NONCE_BYTES: usize = 12;

/// Holds the key. Overwrites it when it is dropped, and never prints it.
pub struct AccountKey(Key);

impl AccountKey {
    /// The key in `data_dir`, which is made on the first start.
    pub fn open_or_create(data_dir: &Path) -> Result<Self, Error> {
        key::load_or_create(data_dir, FILE).map(Self)
    }

    /// A given key. The caller overwrites its own copy.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// A keyed hash (HMAC-SHA-256) of `data` for one `purpose`; hashes for different purposes have nothing in common.
    #[must_use]
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(self.0.as_slice()).expect("HMAC takes keys of any length");
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(data);
        mac.finalize().into_bytes().into()
    }

    /// Encrypts `plain`, so that only for this `user` it can be opened again.
    ///
    /// # Panics
    /// When the operating system has no random numbers to give.
    #[must_use]
    pub fn seal(&self, user: UserId, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).expect("a started operating system has random numbers");
        let payload = Payload { msg: plain, aad: user.0.as_bytes() };
        let sealed = self.cipher().encrypt(&nonce.into(), payload).expect("what is sealed is far below 64 GiB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts what [`Self::seal`] made for the same `user`; nothing when it is something else.
    #[must_use]
    pub fn open(&self, user: UserId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: user.0.as_bytes() };
        self.cipher().decrypt(&nonce.into(), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> Aes256Gcm {
        let key = Zeroizing::new(self.mac("seal", &[]));
        Aes256Gcm::new((&*key).into())
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(millis: i64) -> UserId {
        UserId::new(chrono::DateTime::from_timestamp_millis(millis).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_for_its_user_only() {
        let (key, ann) = (AccountKey::new(&[7; KEY_BYTES]), user(1));
        let sealed = key.seal(ann, b"shared");
        assert_eq!(key.open(ann, &sealed).unwrap().as_slice(), b"shared");
        assert!(key.open(user(2), &sealed).is_none());
        assert!(AccountKey::new(&[8; KEY_BYTES]).open(ann, &sealed).is_none());
        assert!(key.open(ann, &sealed[..5]).is_none() && key.open(ann, &[]).is_none());
        assert_ne!(key.seal(ann, b"shared"), sealed, "the nonce is new each time");
    }

    #[test]
    fn hashes_for_different_purposes_differ() {
        let key = AccountKey::new(&[7; KEY_BYTES]);
        assert_eq!(key.mac("a", b"x"), key.mac("a", b"x"));
        assert_ne!(key.mac("a", b"bx"), key.mac("ab", b"x"));
        assert_eq!(format!("{key:?}"), "AccountKey(…)");
    }

    #[test]
    fn the_key_of_the_data_directory_is_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let hash = AccountKey::open_or_create(dir.path()).unwrap().mac("a", b"x");
        assert_eq!(AccountKey::open_or_create(dir.path()).unwrap().mac("a", b"x"), hash);
    }
}
