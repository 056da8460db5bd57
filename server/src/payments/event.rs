//! What Stripe tells: only that something changed. What it is now is asked.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::signature::{self, Headers, Presented, Scheme, SignatureError};

/// How old a signature may be.
const TOLERANCE: Duration = Duration::from_secs(300);

/// An event of Stripe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeEvent {
    /// Its id: the same one however often it is sent.
    pub id: String,
    /// What has happened: `invoice.paid`.
    pub kind: String,
    /// The object that it is about.
    pub object: String,
}

impl StripeEvent {
    /// Reads an event, if Stripe signed these bytes with `secret` not long before `now`.
    ///
    /// # Errors
    /// It is not believed. Bytes that were signed and are no event are none.
    pub fn read(secret: &str, header: &str, body: &[u8], now: DateTime<Utc>) -> Result<Option<Self>, SignatureError> {
        let headers = [("stripe-signature", header.as_bytes())];
        let presented = Presented { headers: Headers(&headers), body, origins: &[], target: "", now };
        signature::verify(&Scheme::Stripe, &[secret.as_bytes().to_vec()], TOLERANCE, &presented)?;
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let found = text("/id").zip(text("/type")).zip(text("/data/object/id"));
        Ok(found.map(|((id, kind), object)| Self { id, kind, object }))
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use serde_json::json;
    use sha2::Sha256;

    use super::*;

    fn signed(secret: &str, at: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{at}.").as_bytes());
        mac.update(body);
        format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn only_what_stripe_signed_lately_is_an_event() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let body = json!({"id": "evt_1", "type": "invoice.paid", "data": {"object": {"id": "in_1"}}}).to_string();
        let read = |header: &str, body: &str| StripeEvent::read("whsec_x", header, body.as_bytes(), now);
        let good = signed("whsec_x", 1_800_000_000, body.as_bytes());
        let event = read(&good, &body).unwrap().unwrap();
        assert_eq!((event.id.as_str(), event.kind.as_str(), event.object.as_str()), ("evt_1", "invoice.paid", "in_1"));
        assert!(read(&good, &format!("{body} ")).is_err(), "other bytes");
        assert!(read(&signed("whsec_y", 1_800_000_000, body.as_bytes()), &body).is_err(), "another secret");
        assert!(read(&signed("whsec_x", 1_799_999_600, body.as_bytes()), &body).is_err(), "an old one");
        assert!(read("", &body).is_err() && read("t=1", &body).is_err());
        let nothing = signed("whsec_x", 1_800_000_000, b"[]");
        assert_eq!(read(&nothing, "[]").unwrap(), None);
    }
}
