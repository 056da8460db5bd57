//! HTTP requests to a path on this server.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::WebhookPath;
use crate::domain::signature::Scheme;

/// HTTP requests to a path on this server.
#[derive(Debug)]
pub struct WebhookTrigger {
    /// The path below the workspace's webhook address, without a leading slash: `orders/{id}`.
    pub path: WebhookPath,
    /// The methods it answers to, in capitals; never empty.
    pub methods: Vec<&'static str>,
    /// How the sender proves who it is; without it whoever knows the path may deliver.
    pub auth: Option<Proof>,
    /// When the sender gets its answer.
    pub respond: Respond,
    /// How long the sender waits for it at most; then it gets 202.
    pub respond_within: Duration,
    /// The header (lower case) whose value names a delivery, so that a repeated one starts nothing. When absent, what the sender's
    /// scheme has for it or `idempotency-key` does.
    pub dedupe_header: Option<Arc<str>>,
    /// How many deliveries may come in a time.
    pub rate_limit: Option<DeliveryLimit>,
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
    /// The web pages whose scripts may deliver and read the answer.
    pub cors: Option<Cors>,
    /// Where deliveries may come from; from anywhere when it is empty.
    pub allow_ips: Vec<IpNet>,
}

/// How a sender proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What is checked.
    pub scheme: Scheme,
    /// The names of the workspace's secrets that fit: one, or two while it is being rotated. Values never stand in a file.
    pub secrets: Vec<Arc<str>>,
    /// How far the signed time may be from now, for schemes that sign one.
    pub tolerance: Duration,
}

/// When a webhook's sender gets its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respond {
    /// As soon as the delivery is committed.
    Immediately,
    /// When the execution has ended.
    WhenFinished,
    /// When the first `respond` step has run; it says what the answer is.
    Step,
}

/// At most `limit` deliveries within `per`, on each node; as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryLimit {
    /// How many.
    pub limit: u32,
    /// In which time.
    pub per: Duration,
}

/// Cross-origin resource sharing (Fetch Standard §3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// The origins, `https://shop.example.com`, or `*` alone for every one.
    pub origins: Vec<String>,
    /// The headers that scripts may send besides the safe ones, lower case.
    pub headers: Vec<Arc<str>>,
}

impl Cors {
    /// What `Access-Control-Allow-Origin` says to `origin`; nothing when it is not one of them.
    #[must_use]
    pub fn allowed<'a>(&self, origin: &'a str) -> Option<&'a str> {
        match &self.origins[..] {
            [any] if any == "*" => Some("*"),
            listed => listed.iter().any(|listed| listed == origin).then_some(origin),
        }
    }
}
