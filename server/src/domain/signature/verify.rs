//! The check itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use super::{Algorithm, Encoding, Headers, HmacScheme, Scheme};

/// How far a signed timestamp may be from now, in seconds, in both directions (Standard Webhooks 1.0.0).
pub const TOLERANCE_SECONDS: u64 = 300;

/// Longest id of a delivery that is looked at, in bytes.
const DELIVERY_ID_BYTES: usize = 255;

/// Why a sender was not believed. The text is the same for all of them, because it is what a forger gets to see;
/// [`SignatureError::reason`] is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sender of this delivery could not be verified")]
pub enum SignatureError {
    /// A header that the scheme needs is missing.
    Missing,
    /// A header that the scheme needs came more than once.
    Duplicate,
    /// A header is not written as the scheme says.
    Malformed,
    /// The signed timestamp is too far from now.
    Stale,
    /// No secret fits.
    Mismatch,
    /// The trigger has no usable secret: none at all, an empty one, or one that the scheme can't read.
    Secret,
}

impl SignatureError {
    /// What was wrong, for the operator's log; never for the sender.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "a needed header is missing",
            Self::Duplicate => "a needed header came more than once",
            Self::Malformed => "a needed header is malformed",
            Self::Stale => "the timestamp is more than 300 seconds away from now",
            Self::Mismatch => "no secret of the trigger fits",
            Self::Secret => "the trigger has no usable secret",
        }
    }
}

/// Whether the sender of `body` knows one of `secrets` (more than one while a secret is being rotated).
///
/// `body` is the raw body, before anything has read it. `now` matters only to schemes that sign a timestamp.
pub fn verify(
    scheme: &Scheme,
    secrets: &[&[u8]],
    headers: Headers<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
        return Err(SignatureError::Secret);
    }
    match scheme {
        Scheme::Github => verify_hmac(&github(), secrets, headers, body),
        Scheme::StandardWebhooks => verify_standard_webhooks(secrets, headers, body, now),
        Scheme::Hmac(hmac) => verify_hmac(hmac, secrets, headers, body),
        Scheme::Bearer => any_equal(secrets, authorization(headers, "bearer")?.as_bytes()),
        Scheme::ApiKey { header } => any_equal(secrets, headers.only(header)?.as_bytes()),
        Scheme::Basic => {
            let given = STANDARD.decode(authorization(headers, "basic")?).map_err(|_| SignatureError::Malformed)?;
            any_equal(secrets, &given)
        }
    }
}

/// The sender's own id of this delivery, by which a repeated delivery is known again; none where the scheme has no such thing.
#[must_use]
pub fn delivery_id(scheme: &Scheme, headers: Headers<'_>) -> Option<String> {
    let name = match scheme {
        Scheme::Github => "x-github-delivery",
        Scheme::StandardWebhooks => "webhook-id",
        Scheme::Hmac(_) | Scheme::Bearer | Scheme::ApiKey { .. } | Scheme::Basic => return None,
    };
    headers.only(name).ok().filter(|id| is_delivery_id(id)).map(str::to_owned)
}

fn is_delivery_id(id: &str) -> bool {
    id.len() <= DELIVERY_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn github() -> HmacScheme {
    HmacScheme {
        algorithm: Algorithm::Sha256,
        header: "x-hub-signature-256".to_owned(),
        prefix: "sha256=".to_owned(),
        encoding: Encoding::Hex,
    }
}

fn verify_hmac(scheme: &HmacScheme, secrets: &[&[u8]], headers: Headers<'_>, body: &[u8]) -> Result<(), SignatureError> {
    let given = headers.only(&scheme.header)?.strip_prefix(&scheme.prefix).ok_or(SignatureError::Malformed)?;
    let mut found = Choice::from(0);
    for secret in secrets {
        // The written forms are compared, so that one signature has exactly one spelling.
        found |= written(scheme.encoding, &tag(scheme.algorithm, secret, &[body])).as_bytes().ct_eq(given.as_bytes());
    }
    accepted(found)
}

fn verify_standard_webhooks(
    secrets: &[&[u8]],
    headers: Headers<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let id = headers.only("webhook-id")?;
    let timestamp = headers.only("webhook-timestamp")?;
    let signatures = headers.only("webhook-signature")?;
    // A dot in the id would let the same signed bytes be read as another id, timestamp and body.
    if !is_delivery_id(id) || id.contains('.') {
        return Err(SignatureError::Malformed);
    }
    check_timestamp(timestamp, now)?;
    let mut found = Choice::from(0);
    for secret in secrets {
        let key = standard_webhooks_key(secret)?;
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let expected = written(Encoding::Base64, &tag(Algorithm::Sha256, &key, &parts));
        for given in signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,")) {
            found |= expected.as_bytes().ct_eq(given.as_bytes());
        }
    }
    accepted(found)
}

fn check_timestamp(timestamp: &str, now: DateTime<Utc>) -> Result<(), SignatureError> {
    if !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::Malformed);
    }
    let seconds: i64 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    if now.timestamp().abs_diff(seconds) > TOLERANCE_SECONDS { Err(SignatureError::Stale) } else { Ok(()) }
}

fn standard_webhooks_key(secret: &[u8]) -> Result<Vec<u8>, SignatureError> {
    let encoded = secret.strip_prefix(b"whsec_").unwrap_or(secret);
    let key = STANDARD.decode(encoded).map_err(|_| SignatureError::Secret)?;
    if key.is_empty() { Err(SignatureError::Secret) } else { Ok(key) }
}

/// What follows the scheme's name in `Authorization`. Names of schemes ignore case (RFC 9110 §11.1).
fn authorization<'a>(headers: Headers<'a>, scheme: &str) -> Result<&'a str, SignatureError> {
    let (name, credentials) = headers.only("authorization")?.split_once(' ').ok_or(SignatureError::Malformed)?;
    if name.eq_ignore_ascii_case(scheme) { Ok(credentials.trim_start_matches(' ')) } else { Err(SignatureError::Malformed) }
}

fn any_equal(secrets: &[&[u8]], given: &[u8]) -> Result<(), SignatureError> {
    // Digests have one length, so that the time says nothing about the length of the secret.
    let given = Sha256::digest(given);
    let mut found = Choice::from(0);
    for secret in secrets {
        found |= Sha256::digest(secret).as_slice().ct_eq(given.as_slice());
    }
    accepted(found)
}

fn accepted(found: Choice) -> Result<(), SignatureError> {
    if found.into() { Ok(()) } else { Err(SignatureError::Mismatch) }
}

fn tag(algorithm: Algorithm, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
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

fn written(encoding: Encoding, tag: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(tag),
        Encoding::Base64 => STANDARD.encode(tag),
    }
}
