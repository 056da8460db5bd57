//! What the operator decides about outbound requests.

use std::time::Duration;

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use url::{Origin, Url};

use crate::budget::Budget;

/// What the operator decides about outbound requests.
#[derive(Debug, Clone)]
pub struct OutboundPolicy {
    /// Networks that workflows may reach besides the public internet.
    pub allow: Vec<IpNet>,
    /// How long one connection attempt, TLS included, may take.
    pub connect_timeout: Duration,
    /// Requests that may be under way to one host at once; more wait.
    pub per_host: usize,
    /// The proxy that requests go through.
    pub proxy: Option<OutboundProxy>,
    /// Certificate authorities that are trusted besides the machine's.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Where this server is reached from outside: a workflow that calls it would call itself.
    pub own: Option<Origin>,
    /// The memory for large answers.
    pub budget: Budget,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            per_host: 100,
            proxy: None,
            authorities: Vec::new(),
            own: None,
            budget: Budget::default(),
        }
    }
}

/// A proxy, and what doesn't go through it.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundProxy {
    /// Where it is: an http or https URL, perhaps with user name and password.
    pub url: Url,
    /// Names, domains (`.internal.example`), addresses and networks that are reached directly.
    pub except: Vec<String>,
}

impl std::fmt::Debug for OutboundProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.debug_struct("OutboundProxy").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}
