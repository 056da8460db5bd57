//! The check itself.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use subtle::Choice;

use super::mac::{accepted, any_equal, same, tag, written};
use super::{Algorithm, Encoding, Headers, HmacScheme, Scheme, senders, stamp};

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
    /// The signed time is too far from now.
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
            Self::Stale => "the time of sending is too far from now: a replay, or a clock that is wrong",
            Self::Mismatch => "no secret of the trigger fits",
            Self::Secret => "the trigger has no usable secret",
        }
    }
}

/// A delivery as it is checked.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// Its headers.
    pub headers: Headers<'a>,
    /// The raw body, before anything has read it.
    pub body: &'a [u8],
    /// Where the sender may believe this server to be: `https://hooks.example.com`. Only Twilio signs the address.
    pub origins: &'a [String],
    /// What follows in the address: path and query, as they came.
    pub target: &'a str,
    /// The present instant. It matters only to schemes that sign a time.
    pub now: DateTime<Utc>,
}

/// Whether the sender knows one of `secrets` (two while a secret is being rotated), and signed within `tolerance` of now.
///
/// # Errors
/// Why it is not believed.
pub fn verify(
    scheme: &Scheme,
    secrets: &[Vec<u8>],
    tolerance: Duration,
    presented: &Presented<'_>,
) -> Result<(), SignatureError> {
    if secrets.is_empty() || secrets.iter().any(Vec::is_empty) {
        return Err(SignatureError::Secret);
    }
    let headers = presented.headers;
    match scheme {
        Scheme::StandardWebhooks => senders::standard_webhooks(secrets, tolerance, presented),
        Scheme::Github => over_body(secrets, presented, ("x-hub-signature-256", "sha256=", Encoding::Hex)),
        Scheme::Shopify => over_body(secrets, presented, ("x-shopify-hmac-sha256", "", Encoding::Base64)),
        Scheme::Stripe => senders::stripe(secrets, tolerance, presented),
        Scheme::Slack => senders::slack(secrets, tolerance, presented),
        Scheme::Twilio => senders::twilio(secrets, presented),
        Scheme::Gitlab => any_of(secrets, headers.only("x-gitlab-token")?.as_bytes()),
        Scheme::Linear => {
            over_body(secrets, presented, ("linear-signature", "", Encoding::Hex))?;
            senders::linear_is_fresh(tolerance, presented)
        }
        Scheme::Discord => senders::discord(secrets, tolerance, presented),
        Scheme::Zendesk => senders::zendesk(secrets, tolerance, presented),
        Scheme::Hmac(hmac) => generic(hmac, secrets, tolerance, presented),
        Scheme::Bearer => any_of(secrets, authorization(headers, "bearer")?.as_bytes()),
        Scheme::ApiKey { header } => any_of(secrets, headers.only(header)?.as_bytes()),
        Scheme::Basic { username } => {
            let given = STANDARD.decode(authorization(headers, "basic")?).map_err(|_| SignatureError::Malformed)?;
            let pairs: Vec<_> = secrets.iter().map(|password| [username.as_bytes(), b":", password].concat()).collect();
            any_of(&pairs, &given)
        }
    }
}

/// An HMAC-SHA256 over the body alone, found in `(header, prefix, encoding)`.
fn over_body(
    secrets: &[Vec<u8>],
    presented: &Presented<'_>,
    (header, prefix, encoding): (&str, &str, Encoding),
) -> Result<(), SignatureError> {
    let given = presented.headers.only(header)?.strip_prefix(prefix).ok_or(SignatureError::Malformed)?;
    signed(secrets, &[presented.body], (Algorithm::Sha256, encoding), &[given])
}

fn generic(
    scheme: &HmacScheme,
    secrets: &[Vec<u8>],
    tolerance: Duration,
    presented: &Presented<'_>,
) -> Result<(), SignatureError> {
    let given = presented.headers.only(&scheme.header)?.strip_prefix(&*scheme.prefix).ok_or(SignatureError::Malformed)?;
    let written = (scheme.algorithm, scheme.encoding);
    let Some(stamp) = &scheme.stamp else { return signed(secrets, &[presented.body], written, &[given]) };
    let sent = presented.headers.only(&stamp.header)?;
    stamp::fresh(stamp::any(sent)?, presented.now, tolerance)?;
    signed(secrets, &stamp.signed.pieces(sent, presented.body), written, &[given])
}

/// Whether one of the signatures `given` is that of `parts` under one of `secrets`. All are compared, whichever fits.
pub(super) fn signed(
    secrets: &[Vec<u8>],
    parts: &[&[u8]],
    (algorithm, encoding): (Algorithm, Encoding),
    given: &[&str],
) -> Result<(), SignatureError> {
    let mut found = Choice::from(0);
    for secret in secrets {
        let expected = written(encoding, &tag(algorithm, secret, parts));
        for given in given {
            found |= same(&expected, given);
        }
    }
    accepted(found)
}

fn any_of(secrets: &[Vec<u8>], given: &[u8]) -> Result<(), SignatureError> {
    any_equal(secrets.iter().map(Vec::as_slice), given)
}

/// What follows the scheme's name in `Authorization`. Names of schemes ignore case (RFC 9110 §11.1).
fn authorization<'a>(headers: Headers<'a>, scheme: &str) -> Result<&'a str, SignatureError> {
    let (name, credentials) = headers.only("authorization")?.split_once(' ').ok_or(SignatureError::Malformed)?;
    if name.eq_ignore_ascii_case(scheme) { Ok(credentials.trim_start_matches(' ')) } else { Err(SignatureError::Malformed) }
}
