//! What is stored, and one encryption.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, Payload};
use zeroize::Zeroizing;

/// Length of a nonce, in bytes (NIST SP 800-38D §8.2.2: 96 random bits, safe for 2^32 messages of one key).
const NONCE_BYTES: usize = 12;

/// Something encrypted, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The version of the key that sealed it.
    pub key_version: i16,
    /// Random, never the same twice.
    pub nonce: Vec<u8>,
    /// What was encrypted, and its authentication tag.
    pub ciphertext: Vec<u8>,
}

/// A workspace's data key as it is stored: sealed with a key of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Its version in the workspace. They begin at 2: what has version 1 was sealed with the server's first key itself, before
    /// there were data keys.
    pub version: i16,
    /// The key, sealed.
    pub sealed: Sealed,
}

/// What is sealed. A ciphertext opens as nothing else.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// The secret with this name.
    Secret(&'a str),
    /// The credential with this name and these settings: whoever can write to the database can't bind it to another host.
    Credential(&'a str, &'a str),
    /// The signing key of this subscription.
    Subscription(uuid::Uuid),
}

impl Subject<'_> {
    pub(super) fn binding(self) -> Vec<u8> {
        match self {
            Self::Secret(name) => [b"secret\0", name.as_bytes()].concat(),
            Self::Credential(name, settings) => {
                [b"credential\0".as_slice(), name.as_bytes(), b"\0", settings.as_bytes()].concat()
            }
            Self::Subscription(id) => [b"subscription\0".as_slice(), id.as_bytes()].concat(),
        }
    }

    pub(super) fn to_text(self) -> String {
        match self {
            Self::Secret(name) => format!("secret `{name}`"),
            Self::Credential(name, _) => format!("credential `{name}`"),
            Self::Subscription(id) => format!("signing key of the subscription {id}"),
        }
    }
}

/// Encrypts `plain`, bound to `binding`.
///
/// # Panics
/// When the operating system has no random numbers to give.
pub(super) fn seal(cipher: &Aes256Gcm, key_version: i16, binding: &[u8], plain: &[u8]) -> Sealed {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).expect("a started operating system has random numbers");
    let ciphertext = cipher.encrypt(&nonce.into(), Payload { msg: plain, aad: binding }).expect("a secret is far below 64 GiB");
    Sealed { key_version, nonce: nonce.to_vec(), ciphertext }
}

/// Decrypts what [`seal`] made with the same key and binding.
pub(super) fn open(cipher: &Aes256Gcm, binding: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: [u8; NONCE_BYTES] = sealed.nonce.as_slice().try_into().ok()?;
    cipher.decrypt(&nonce.into(), Payload { msg: &sealed.ciphertext, aad: binding }).ok().map(Zeroizing::new)
}
