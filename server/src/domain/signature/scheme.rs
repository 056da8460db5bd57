//! The ways in which senders prove who they are.

use std::sync::Arc;
use std::time::Duration;

use super::Stamp;

/// How a sender proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks 1.0.0 over `id.timestamp.body`: symmetric signatures (`v1`) with secrets `whsec_<base64>`, asymmetric ones
    /// (`v1a`, ed25519) with public keys `whpk_<base64>`. Headers begin with `webhook-`, or with `svix-` as Svix sends them.
    StandardWebhooks,
    /// GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body.
    Github,
    /// Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>` over `timestamp.body`.
    Stripe,
    /// Slack: `X-Slack-Signature: v0=<hex>` over `v0:timestamp:body`.
    Slack,
    /// Shopify: `X-Shopify-Hmac-Sha256: <base64>` over the body.
    Shopify,
    /// Twilio: `X-Twilio-Signature: <base64>`, an HMAC-SHA1 over the address and the sorted form fields, or over the address with
    /// the body's hash in it.
    Twilio,
    /// GitLab: the secret itself in `X-Gitlab-Token`. (Its signing tokens are Standard Webhooks.)
    Gitlab,
    /// Linear: `Linear-Signature: <hex>` over the body, which says in `webhookTimestamp` when it was sent.
    Linear,
    /// Discord: an ed25519 signature in `X-Signature-Ed25519` over timestamp and body; the secret is the public key in hexadecimal.
    Discord,
    /// Zendesk: `X-Zendesk-Webhook-Signature: <base64>` over timestamp and body.
    Zendesk,
    /// An HMAC in a header of the author's choice.
    Hmac(HmacScheme),
    /// `Authorization: Bearer <secret>` (RFC 6750 §2.1).
    Bearer,
    /// The secret itself in the header of this name.
    ApiKey {
        /// The header's name; case doesn't matter.
        header: Arc<str>,
    },
    /// `Authorization: Basic …` (RFC 7617); the secret is the password.
    Basic {
        /// The user name.
        username: String,
    },
}

/// Where a generic HMAC is found, what it covers and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacScheme {
    /// The hash inside the HMAC.
    pub algorithm: Algorithm,
    /// The header's name; case doesn't matter.
    pub header: Arc<str>,
    /// What stands before the signature in the header, for example `sha256=`; may be empty.
    pub prefix: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The signed time of sending; without it the signature covers the body alone, and a delivery can be replayed for ever.
    pub stamp: Option<Stamp>,
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

impl Scheme {
    /// How far the signed time may be from now when the file doesn't say: what the sender's own library takes.
    #[must_use]
    pub fn tolerance(&self) -> Duration {
        Duration::from_secs(if *self == Self::Linear { 60 } else { 300 })
    }

    /// Whether it signs a time, so that old deliveries can be told from new ones.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        match self {
            Self::StandardWebhooks | Self::Stripe | Self::Slack | Self::Linear | Self::Discord | Self::Zendesk => true,
            Self::Hmac(hmac) => hmac.stamp.is_some(),
            _ => false,
        }
    }

    /// Whether `name` (lower case) is a header that carries the proof. Such headers never become part of an execution.
    #[must_use]
    pub fn proves_with(&self, name: &str) -> bool {
        match self {
            Self::StandardWebhooks => matches!(name, "webhook-signature" | "svix-signature"),
            Self::Github => matches!(name, "x-hub-signature-256" | "x-hub-signature"),
            Self::Stripe => name == "stripe-signature",
            Self::Slack => name == "x-slack-signature",
            Self::Shopify => name == "x-shopify-hmac-sha256",
            Self::Twilio => name == "x-twilio-signature",
            Self::Gitlab => name == "x-gitlab-token",
            Self::Linear => name == "linear-signature",
            Self::Discord => name == "x-signature-ed25519",
            Self::Zendesk => name == "x-zendesk-webhook-signature",
            Self::Hmac(HmacScheme { header, .. }) | Self::ApiKey { header } => header.eq_ignore_ascii_case(name),
            Self::Bearer | Self::Basic { .. } => name == "authorization",
        }
    }
}
