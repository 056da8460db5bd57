//! The ways in which senders prove who they are.

/// How a sender proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// GitHub: `X-Hub-Signature-256: sha256=<lower-case hex>` over the body.
    Github,
    /// Standard Webhooks 1.0.0, symmetric signatures (`v1`) over `id.timestamp.body`; secrets are `whsec_<base64>`.
    StandardWebhooks,
    /// An HMAC over the body in a header of the author's choice.
    Hmac(HmacScheme),
    /// `Authorization: Bearer <secret>` (RFC 6750 §2.1).
    Bearer,
    /// The secret itself in the header of this name.
    ApiKey {
        /// The header's name; case doesn't matter.
        header: String,
    },
    /// `Authorization: Basic <base64 of the secret>` (RFC 7617); the secret is `user:password`.
    Basic,
}

/// Where a generic HMAC is found and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacScheme {
    /// The hash inside the HMAC.
    pub algorithm: Algorithm,
    /// The header's name; case doesn't matter.
    pub header: String,
    /// What stands before the signature in the header, for example `sha256=`; may be empty.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: Encoding,
}

/// A hash inside an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1: still sound inside an HMAC, for senders that have nothing newer.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64 with padding (RFC 4648 §4).
    Base64,
}
