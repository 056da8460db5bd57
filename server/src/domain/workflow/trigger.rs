//! What starts executions, as the plan knows it.

use std::sync::Arc;

use crate::domain::schedule::Schedule;
use crate::domain::signature::{self, Scheme};

/// One trigger of a workflow version.
#[derive(Debug)]
pub struct Trigger {
    /// Unique in the workflow.
    pub id: Arc<str>,
    /// What it listens to.
    pub kind: TriggerKind,
}

/// What a trigger listens to.
#[derive(Debug)]
pub enum TriggerKind {
    /// HTTP requests to a path on this server.
    Webhook(WebhookTrigger),
    /// The clock.
    Schedule(Box<ScheduleTrigger>),
}

impl TriggerKind {
    /// The word behind `type`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Schedule(_) => "schedule",
        }
    }
}

/// HTTP requests to a path on this server.
#[derive(Debug)]
pub struct WebhookTrigger {
    /// The path below the workspace's webhook address, without a leading slash: `orders/new`.
    pub path: Arc<str>,
    /// The methods it answers to, in capitals; never empty.
    pub methods: Vec<&'static str>,
    /// How the sender proves who it is.
    pub auth: WebhookAuth,
    /// When the sender gets its answer.
    pub respond: Respond,
    /// The header (lower case) whose value names a delivery, so that a repeated one starts nothing. When absent, the
    /// header of the scheme (`webhook-id`, `x-github-delivery`) or `idempotency-key` does.
    pub dedupe_header: Option<Arc<str>>,
}

/// How a webhook's sender proves who it is.
#[derive(Debug)]
pub enum WebhookAuth {
    /// Not at all: whoever knows the path may deliver.
    None,
    /// A keyed hash over the raw body.
    Hmac {
        /// Where the signature is and how it is made.
        scheme: HmacScheme,
        /// The key.
        secret: SecretRef,
    },
    /// `Authorization: Bearer <secret>`.
    Bearer {
        /// The token.
        secret: SecretRef,
    },
    /// A secret in a header of its own.
    ApiKey {
        /// The header's name, lower case.
        header: Arc<str>,
        /// Its value.
        secret: SecretRef,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic(BasicAuth),
}

impl WebhookAuth {
    /// How deliveries are checked, and the name of the secret that they are checked with.
    pub fn proof(&self) -> Option<(Scheme, &str)> {
        let (scheme, SecretRef::Named(name)) = match self {
            Self::None => return None,
            Self::Hmac { scheme, secret } => (scheme.to_scheme(), secret),
            Self::Bearer { secret } => (Scheme::Bearer, secret),
            Self::ApiKey { header, secret } => (Scheme::ApiKey { header: header.to_string() }, secret),
            Self::Basic(basic) => (Scheme::Basic, &basic.password),
        };
        Some((scheme, name))
    }

    /// The header of its own (lower case) in which the sender proves who it is.
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::ApiKey { header, .. } | Self::Hmac { scheme: HmacScheme::Generic { header, .. }, .. } => Some(header),
            _ => None,
        }
    }
}

impl HmacScheme {
    fn to_scheme(&self) -> Scheme {
        match self {
            Self::Github => Scheme::Github,
            Self::StandardWebhooks => Scheme::StandardWebhooks,
            Self::Generic { algorithm, header, prefix, encoding } => Scheme::Hmac(signature::HmacScheme {
                algorithm: match algorithm {
                    HmacAlgorithm::Sha256 => signature::Algorithm::Sha256,
                    HmacAlgorithm::Sha512 => signature::Algorithm::Sha512,
                },
                header: header.to_string(),
                prefix: prefix.clone(),
                encoding: match encoding {
                    Encoding::Hex => signature::Encoding::Hex,
                    Encoding::Base64 => signature::Encoding::Base64,
                },
            }),
        }
    }
}

/// User name and password of RFC 7617.
#[derive(Debug)]
pub struct BasicAuth {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretRef,
}

/// Where a signature is and how it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HmacScheme {
    /// GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body.
    Github,
    /// Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// Anything else of the kind: a header with an optional prefix and the encoded hash of the body.
    Generic {
        /// The hash function.
        algorithm: HmacAlgorithm,
        /// The header that carries the signature, lower case.
        header: Arc<str>,
        /// What stands before the signature in the header; often `sha256=`, or nothing.
        prefix: String,
        /// How the signature is written.
        encoding: Encoding,
    },
}

/// The hash function of an HMAC (RFC 2104).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HmacAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, either case.
    Hex,
    /// Base 64 (RFC 4648 §4).
    Base64,
}

/// A secret of the workspace, by name; its value never stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// `{{ secrets.NAME }}`.
    Named(Arc<str>),
}

/// When a webhook's sender gets its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respond {
    /// As soon as the delivery is committed.
    Immediately,
    /// When the execution has ended, or after a while with 202.
    WhenFinished,
}

/// The clock.
#[derive(Debug)]
pub struct ScheduleTrigger {
    /// The cron expression, as the file has it.
    pub cron: String,
    /// The IANA name of its time zone.
    pub timezone: String,
    /// Both, parsed.
    pub schedule: Schedule,
}
