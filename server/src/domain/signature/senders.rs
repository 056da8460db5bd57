//! The rules of the senders that sign more than the body, or in their own way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::Choice;

use super::delivery::is_delivery_id;
use super::mac::{accepted, ed25519, same, tag, written};
use super::verify::signed;
use super::{Algorithm, Encoding, Presented, SignatureError, stamp};

const HEX: (Algorithm, Encoding) = (Algorithm::Sha256, Encoding::Hex);
const BASE64: (Algorithm, Encoding) = (Algorithm::Sha256, Encoding::Base64);

/// Length of an ed25519 public key, in bytes.
const PUBLIC_KEY_BYTES: usize = 32;

type Verdict = Result<(), SignatureError>;

/// Standard Webhooks 1.0.0: `v1` and `v1a`. A list of signatures lets the sender rotate as well.
pub(super) fn standard_webhooks(secrets: &[Vec<u8>], tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    let headers = presented.headers;
    let family = if headers.has("webhook-signature") || !headers.has("svix-signature") { "webhook" } else { "svix" };
    let id = headers.only(&format!("{family}-id"))?;
    let timestamp = headers.only(&format!("{family}-timestamp"))?;
    let signatures = headers.only(&format!("{family}-signature"))?;
    // A dot in the id would let the same signed bytes be read as another id, timestamp and body.
    if !is_delivery_id(id) || id.contains('.') {
        return Err(SignatureError::Malformed);
    }
    stamp::fresh(stamp::seconds(timestamp)?, presented.now, tolerance)?;
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", presented.body];
    let mut found = Choice::from(0);
    for secret in secrets {
        if let Some(public_key) = secret.strip_prefix(b"whpk_") {
            let key = STANDARD.decode(public_key).map_err(|_| SignatureError::Secret)?;
            found |= signed_v1a(&key, &parts.concat(), signatures)?;
        } else {
            let expected = written(Encoding::Base64, &tag(Algorithm::Sha256, &standard_key(secret)?, &parts));
            for given in of_version(signatures, "v1") {
                found |= same(&expected, given);
            }
        }
    }
    accepted(found)
}

fn signed_v1a(public_key: &[u8], message: &[u8], signatures: &str) -> Result<Choice, SignatureError> {
    if public_key.len() != PUBLIC_KEY_BYTES {
        return Err(SignatureError::Secret);
    }
    let fits = |given| STANDARD.decode(given).is_ok_and(|signature| ed25519(public_key, message, &signature));
    Ok(Choice::from(u8::from(of_version(signatures, "v1a").any(fits))))
}

/// The signatures of one version in `v1,… v1a,…`.
fn of_version<'a>(signatures: &'a str, version: &'a str) -> impl Iterator<Item = &'a str> {
    signatures.split(' ').filter_map(move |signature| signature.strip_prefix(version)?.strip_prefix(','))
}

fn standard_key(secret: &[u8]) -> Result<Vec<u8>, SignatureError> {
    let encoded = secret.strip_prefix(b"whsec_").unwrap_or(secret);
    let key = STANDARD.decode(encoded).map_err(|_| SignatureError::Secret)?;
    if key.is_empty() { Err(SignatureError::Secret) } else { Ok(key) }
}

/// Stripe: `t=1492774577,v1=<hex>`, perhaps several `v1`; other versions are not looked at.
pub(super) fn stripe(secrets: &[Vec<u8>], tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    let (mut times, mut given) = (Vec::new(), Vec::new());
    for item in presented.headers.only("stripe-signature")?.split(',') {
        match item.split_once('=').ok_or(SignatureError::Malformed)? {
            ("t", time) => times.push(time),
            ("v1", signature) => given.push(signature),
            _ => {}
        }
    }
    let [timestamp] = times[..] else { return Err(SignatureError::Malformed) };
    stamp::fresh(stamp::seconds(timestamp)?, presented.now, tolerance)?;
    signed(secrets, &[timestamp.as_bytes(), b".", presented.body], HEX, &given)
}

/// Slack: `v0=<hex>` over `v0:timestamp:body`.
pub(super) fn slack(secrets: &[Vec<u8>], tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    let timestamp = presented.headers.only("x-slack-request-timestamp")?;
    let given = presented.headers.only("x-slack-signature")?.strip_prefix("v0=").ok_or(SignatureError::Malformed)?;
    stamp::fresh(stamp::seconds(timestamp)?, presented.now, tolerance)?;
    signed(secrets, &[b"v0:", timestamp.as_bytes(), b":", presented.body], HEX, &[given])
}

/// Zendesk: base64 over timestamp and body, one right after the other.
pub(super) fn zendesk(secrets: &[Vec<u8>], tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    let timestamp = presented.headers.only("x-zendesk-webhook-signature-timestamp")?;
    let given = presented.headers.only("x-zendesk-webhook-signature")?;
    stamp::fresh(stamp::rfc3339(timestamp)?, presented.now, tolerance)?;
    signed(secrets, &[timestamp.as_bytes(), presented.body], BASE64, &[given])
}

/// Discord: ed25519 over timestamp and body.
pub(super) fn discord(keys: &[Vec<u8>], tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    let timestamp = presented.headers.only("x-signature-timestamp")?;
    let given = hex::decode(presented.headers.only("x-signature-ed25519")?).map_err(|_| SignatureError::Malformed)?;
    stamp::fresh(stamp::seconds(timestamp)?, presented.now, tolerance)?;
    let message = [timestamp.as_bytes(), presented.body].concat();
    for key in keys {
        let key = hex::decode(key).ok().filter(|key| key.len() == PUBLIC_KEY_BYTES).ok_or(SignatureError::Secret)?;
        if ed25519(&key, &message, &given) {
            return Ok(());
        }
    }
    Err(SignatureError::Mismatch)
}

/// Linear has its time inside the body, whose signature is good by now.
pub(super) fn linear_is_fresh(tolerance: Duration, presented: &Presented<'_>) -> Verdict {
    #[derive(Deserialize)]
    struct Sent {
        #[serde(rename = "webhookTimestamp")]
        at: i64,
    }
    let sent: Sent = serde_json::from_slice(presented.body).map_err(|_| SignatureError::Malformed)?;
    stamp::fresh(stamp::milliseconds(sent.at)?, presented.now, tolerance)
}

/// Twilio: the address as Twilio called it, then the form's fields by name, each value once. A body that is no form has its hash in
/// the address, as `bodySHA256`.
pub(super) fn twilio(secrets: &[Vec<u8>], presented: &Presented<'_>) -> Verdict {
    let given = presented.headers.only("x-twilio-signature")?;
    let fields = match body_hash(presented.target) {
        Some(hash) => {
            let expected = hex::encode(Sha256::digest(presented.body));
            accepted(same(&expected, &hash))?;
            String::new()
        }
        None => fields(presented)?,
    };
    let mut found = Choice::from(0);
    for origin in presented.origins {
        let parts = [origin.as_bytes(), presented.target.as_bytes(), fields.as_bytes()];
        for secret in secrets {
            found |= same(&written(Encoding::Base64, &tag(Algorithm::Sha1, secret, &parts)), given);
        }
    }
    accepted(found)
}

fn body_hash(target: &str) -> Option<String> {
    let (_, query) = target.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "bodySHA256").map(|(_, hash)| hash.into_owned())
}

fn fields(presented: &Presented<'_>) -> Result<String, SignatureError> {
    if presented.body.is_empty() {
        return Ok(String::new());
    }
    let content_type = presented.headers.only("content-type")?.to_ascii_lowercase();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(SignatureError::Malformed);
    }
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(presented.body) {
        fields.entry(name.into_owned()).or_default().insert(value.into_owned());
    }
    let pairs = fields.iter().flat_map(|(name, values)| values.iter().flat_map(move |value| [name.as_str(), value.as_str()]));
    Ok(pairs.collect())
}
