//! Keyed hashes, ed25519, and comparisons that take the same time however they end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use super::{Algorithm, Encoding, SignatureError};

/// The HMAC of `parts`, one after the other.
pub(super) fn tag(algorithm: Algorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    match algorithm {
        Algorithm::Sha1 => mac::<Hmac<Sha1>>(key, parts),
        Algorithm::Sha256 => mac::<Hmac<Sha256>>(key, parts),
        Algorithm::Sha512 => mac::<Hmac<Sha512>>(key, parts),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("an HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// A signature as a header has it. Written forms are compared, so that one signature has exactly one spelling.
pub(super) fn written(encoding: Encoding, tag: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(tag),
        Encoding::Base64 => STANDARD.encode(tag),
    }
}

/// Whether two signatures are the same.
pub(super) fn same(expected: &str, given: &str) -> Choice {
    expected.as_bytes().ct_eq(given.as_bytes())
}

/// Whether `given` is one of `secrets`. Digests have one length, so that the time says nothing about the length of a secret.
pub(super) fn any_equal<'s>(secrets: impl IntoIterator<Item = &'s [u8]>, given: &[u8]) -> Result<(), SignatureError> {
    let given = Sha256::digest(given);
    let mut found = Choice::from(0);
    for secret in secrets {
        found |= Sha256::digest(secret).as_slice().ct_eq(given.as_slice());
    }
    accepted(found)
}

/// Whether the holder of the private key signed `message`. Nothing here is secret.
pub(super) fn ed25519(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}

pub(super) fn accepted(found: Choice) -> Result<(), SignatureError> {
    if found.into() { Ok(()) } else { Err(SignatureError::Mismatch) }
}
