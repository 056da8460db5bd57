//! Turns names into addresses, and lets only the allowed ones through to the connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::AddressPolicy;
use super::error::ResolveError;

/// Looks up the addresses of a name.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of `host`, in the order in which they are to be tried.
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver (`getaddrinfo`).
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The resolver of the client. The client connects only to what this returns, so a name that changes its mind between
/// check and connection gains nothing.
pub(super) struct Filter {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) policy: AddressPolicy,
    /// The name of the operator's proxy, which may be inside. Requests through it are checked before they are sent.
    pub(super) trusted: Option<String>,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let trusted = self.trusted.as_deref() == Some(name.as_str());
        let (lookup, policy) = (self.lookup.addresses(name.as_str()), self.policy.clone());
        Box::pin(async move {
            let found = lookup.await;
            let addresses = if trusted { found? } else { policy.allowed(name.as_str(), found)? };
            Ok(Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

impl AddressPolicy {
    /// Those of the addresses `found` for `host` that may be reached; an error when there is none.
    pub(super) fn allowed(&self, host: &str, found: io::Result<Vec<IpAddr>>) -> Result<Vec<IpAddr>, ResolveError> {
        let failed =
            |error: io::Error| ResolveError::Failed { host: host.to_owned(), kind: error.kind(), message: error.to_string() };
        let mut good = Vec::new();
        let mut refusal = failed(io::Error::new(io::ErrorKind::NotFound, "no addresses"));
        for ip in found.map_err(failed)? {
            match self.check(ip) {
                Ok(()) => good.push(ip),
                Err(kind) => {
                    tracing::info!(host, %ip, kind, "an outbound request was refused");
                    refusal = ResolveError::Forbidden { host: host.to_owned(), kind };
                }
            }
        }
        if good.is_empty() { Err(refusal) } else { Ok(good) }
    }
}
