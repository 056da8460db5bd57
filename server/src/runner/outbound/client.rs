//! Sends requests and follows redirects.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};
use rustls::{ClientConfig, RootCertStore};
use tidemill_common::limits::HTTP_RESPONSE_BYTES;
use url::{Host, Url};

use super::resolver::Filter;
use super::{AddressPolicy, Error, Lookup, SystemLookup, body, redirect};

/// What the operator decides about outbound requests.
#[derive(Debug, Clone)]
pub struct OutboundPolicy {
    /// Networks that workflows may reach besides the public internet.
    pub allow: Vec<IpNet>,
    /// How long one connection attempt, TLS included, may take.
    pub connect_timeout: Duration,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self { allow: Vec::new(), connect_timeout: Duration::from_secs(10) }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The headers; nothing is added but what the protocol needs.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Whether redirects are followed.
    pub follow_redirects: bool,
    /// How long all of it may take, redirects and body included.
    pub timeout: Duration,
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Where it came from, after redirects.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Vec<u8>,
}

/// The client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    policy: AddressPolicy,
}

impl Outbound {
    /// A client that asks the machine's resolver and trusts the machine's certificate authorities.
    pub fn new(policy: OutboundPolicy) -> Result<Self, reqwest::Error> {
        Self::with(policy, Arc::new(SystemLookup), system_roots())
    }

    /// A client with a resolver and certificate authorities of its own.
    pub fn with(policy: OutboundPolicy, lookup: Arc<dyn Lookup>, roots: RootCertStore) -> Result<Self, reqwest::Error> {
        let addresses = AddressPolicy::new(policy.allow);
        let client = Client::builder()
            .tls_backend_preconfigured(tls(roots))
            .dns_resolver(Filter { lookup, policy: addresses.clone() })
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(policy.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { client, policy: addresses })
    }

    /// Sends `request` and reads the answer, whatever its status, within the request's timeout.
    pub async fn send(&self, request: Request) -> Result<Answer, Error> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.exchange(request)).await.unwrap_or(Err(Error::Timeout(timeout)))
    }

    async fn exchange(&self, mut request: Request) -> Result<Answer, Error> {
        for _ in 0..=redirect::MOST {
            let response = self.hop(&request).await?;
            let status = response.status();
            let next =
                if request.follow_redirects { redirect::target(&request.url, status, response.headers())? } else { None };
            match next {
                Some(to) => redirect::follow(&mut request, status, to),
                None => return answer(request, response).await,
            }
        }
        Err(Error::Redirect(format!("more than {} redirects", redirect::MOST)))
    }

    async fn hop(&self, request: &Request) -> Result<Response, Error> {
        self.check(&request.url)?;
        let sent = self
            .client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send();
        sent.await.map_err(|source| Error::from_client(source, &host_and_port(&request.url)))
    }

    /// What can be said about a URL before its name is resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Url(format!("only http and https URLs can be requested, not {}", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Url("a URL can't carry a user name or password; send an `authorization` header".to_owned()));
        }
        // The client connects to a literal address without asking the resolver.
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Error::Url("the URL has no host".to_owned())),
        };
        self.policy.check(ip).map_err(|kind| Error::Forbidden { host: ip.to_string(), verb: "is", kind })
    }
}

async fn answer(request: Request, response: Response) -> Result<Answer, Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = body::read(response, HTTP_RESPONSE_BYTES).await.map_err(|error| error.at(&host_and_port(&request.url)))?;
    Ok(Answer { status, url: request.url, headers, body })
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate authority of this machine can't be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this machine has no certificate authorities, so https requests will fail; install ca-certificates");
    }
    roots
}
