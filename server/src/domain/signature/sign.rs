//! Signs what this server sends: Standard Webhooks 1.0.0, symmetric.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Shortest and longest key, in bytes, as the standard has it.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key that a secret stands for: `whsec_` and base64.
///
/// # Errors
/// One sentence that says how a key is written.
pub fn signing_key(secret: &str) -> Result<Vec<u8>, String> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    match STANDARD.decode(encoded) {
        Ok(key) if KEY_BYTES.contains(&key.len()) => Ok(key),
        _ => Err("a signing key is whsec_ and the base64 of 24 to 64 bytes; `openssl rand -base64 32` makes one".to_owned()),
    }
}

/// The value of `webhook-signature` for a delivery.
#[must_use]
pub fn sign(key: &[u8], id: &str, at: DateTime<Utc>, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("a key of any length is a key");
    mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::domain::signature::{Headers, Presented, Scheme, verify};

    #[test]
    fn what_is_signed_here_is_believed_here() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signature = sign(&signing_key(secret).unwrap(), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        // The example of the standard's own libraries.
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let headers: [(&str, &[u8]); 3] = [
            ("webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", b"1614265330"),
            ("webhook-signature", signature.as_bytes()),
        ];
        let presented = Presented { headers: Headers(&headers), body, origins: &[], target: "/", now: at };
        let tolerance = Duration::from_secs(300);
        assert_eq!(verify(&Scheme::StandardWebhooks, &[secret.as_bytes().to_vec()], tolerance, &presented), Ok(()));
    }

    #[test]
    fn a_key_is_long_enough() {
        for good in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(signing_key(good).unwrap().len(), 24);
        }
        for bad in ["", "whsec_", "whsec_aGk=", "whsec_%%", "canary"] {
            assert!(!signing_key(bad).unwrap_err().contains("canary"));
        }
    }
}
