//! The signed time of sending: what keeps a recorded delivery from being sent again later.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::SignatureError;

/// Where a generic HMAC has its time, and what it is made over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The header with the time.
    pub header: Arc<str>,
    /// What is signed.
    pub signed: SignedText,
}

/// What is signed: texts around the time and the body, each of which stands in it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedText(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Timestamp,
    Body,
}

impl SignedText {
    /// Reads `{timestamp}.{body}` and the like.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        for name in ["{timestamp}", "{body}"] {
            if text.matches(name).count() != 1 {
                return Err(format!("`{name}` must stand in it exactly once"));
            }
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or("a `{` has no `}`")?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(match name {
                "timestamp" => Part::Timestamp,
                "body" => Part::Body,
                other => return Err(format!("`{{{other}}}` is not known; it has {{timestamp}} and {{body}}")),
            });
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| *part != Part::Text(String::new()));
        Ok(Self(parts))
    }

    /// The bytes that are signed, piece by piece.
    pub(super) fn pieces<'a>(&'a self, timestamp: &'a str, body: &'a [u8]) -> Vec<&'a [u8]> {
        let piece = |part: &'a Part| match part {
            Part::Text(text) => text.as_bytes(),
            Part::Timestamp => timestamp.as_bytes(),
            Part::Body => body,
        };
        self.0.iter().map(piece).collect()
    }
}

/// Unix seconds, written in digits only.
pub(super) fn seconds(text: &str) -> Result<DateTime<Utc>, SignatureError> {
    let seconds = digits(text).ok_or(SignatureError::Malformed)?;
    DateTime::from_timestamp(seconds, 0).ok_or(SignatureError::Stale)
}

/// Unix milliseconds.
pub(super) fn milliseconds(milliseconds: i64) -> Result<DateTime<Utc>, SignatureError> {
    DateTime::from_timestamp_millis(milliseconds).ok_or(SignatureError::Stale)
}

/// RFC 3339.
pub(super) fn rfc3339(text: &str) -> Result<DateTime<Utc>, SignatureError> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|_| SignatureError::Malformed)
}

/// Whatever a generic sender writes: seconds, milliseconds (13 digits and more) or RFC 3339.
pub(super) fn any(text: &str) -> Result<DateTime<Utc>, SignatureError> {
    match digits(text) {
        Some(number) if text.len() >= 13 => milliseconds(number),
        Some(_) => seconds(text),
        None => rfc3339(text),
    }
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Whether `sent` is near enough to `now`, before or after it.
pub(super) fn fresh(sent: DateTime<Utc>, now: DateTime<Utc>, tolerance: Duration) -> Result<(), SignatureError> {
    let distance = now.signed_duration_since(sent).abs();
    if distance.to_std().is_ok_and(|distance| distance <= tolerance) { Ok(()) } else { Err(SignatureError::Stale) }
}
