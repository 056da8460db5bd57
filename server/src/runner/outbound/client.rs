//! Sends requests and follows redirects.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, NoProxy, Proxy, Response, StatusCode, redirect::Policy};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tidemill_common::limits::HTTP_RESPONSE_BYTES;
use tokio::sync::OwnedSemaphorePermit;
use url::{Host, Origin, Url};

use super::patience::Patience;
use super::places::Places;
use super::rates::Rates;
use super::resolver::Filter;
use super::token::{self, Tokens};
use super::{AddressPolicy, Error, Lookup, OutboundPolicy, OutboundProxy, SystemLookup, body, proof, redirect, tls};
use crate::budget::{Budget, Share};
use crate::domain::credential::{Credential, Kind};
use crate::live::Live;

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
    /// What proves who asks, and where it may go. It never follows a redirect to another origin.
    pub credential: Option<Arc<Credential>>,
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Where it came from, after redirects.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed.
    pub body: Vec<u8>,
    /// The memory for it, when it is large.
    pub share: Option<Share>,
}

/// The client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Outbound {
    way: Live<Way>,
    lookup: Arc<dyn Lookup>,
    policy: AddressPolicy,
    places: Places,
    rates: Rates,
    tokens: Tokens,
    budget: Budget,
}

/// How requests leave this machine.
struct Way {
    client: Client,
    /// What it was made for: another one needs another client.
    proxy: Option<OutboundProxy>,
    authorities: Arc<[CertificateDer<'static>]>,
    own: Option<Origin>,
}

impl Outbound {
    /// A client that asks the machine's resolver and trusts the machine's certificate authorities.
    pub fn new(policy: OutboundPolicy) -> Result<Self, reqwest::Error> {
        let roots = tls::roots(policy.authorities.clone());
        Self::with(policy, Arc::new(SystemLookup), roots)
    }

    /// A client with a resolver and certificate authorities of its own.
    pub fn with(policy: OutboundPolicy, lookup: Arc<dyn Lookup>, roots: RootCertStore) -> Result<Self, reqwest::Error> {
        let addresses = AddressPolicy::new(policy.allow.clone());
        let client = client(&policy, &lookup, &addresses, roots)?;
        Ok(Self {
            places: Places::new(policy.per_host),
            budget: policy.budget.clone(),
            way: Live::new(Way::new(policy, client)),
            lookup,
            policy: addresses,
            rates: Rates::default(),
            tokens: Tokens::default(),
        })
    }

    /// Does as `policy` says from now on, but for its budget and time. Requests that are under way end as they began, and connections
    /// that stand idle live on for 30 s.
    pub fn replace(&self, policy: OutboundPolicy) -> Result<(), reqwest::Error> {
        let way = self.way.get();
        let same = way.proxy == policy.proxy && *way.authorities == *policy.authorities;
        let client = if same {
            way.client.clone()
        } else {
            client(&policy, &self.lookup, &self.policy, tls::roots(policy.authorities.clone()))?
        };
        self.policy.replace(policy.allow.clone());
        self.places.resize(policy.per_host);
        self.way.set(Way::new(policy, client));
        Ok(())
    }

    /// Sends `request` and reads the answer, whatever its status, within the request's timeout.
    pub async fn send(&self, request: Request) -> Result<Answer, Error> {
        let timeout = request.timeout;
        let patience = Patience::new(timeout);
        tokio::select! {
            answer = self.exchange(request, &patience) => answer,
            () = patience.over() => Err(Error::Timeout(timeout)),
        }
    }

    /// The memory for large payloads.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The addresses of `host` that may be connected to, for protocols other than HTTP. Never empty.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let unreadable = |_| Error::Url("the host is neither a name nor an address".to_owned());
        let name = match Host::parse(host).map_err(unreadable)? {
            Host::Ipv4(ip) => return self.literal(IpAddr::V4(ip)).map(|()| vec![IpAddr::V4(ip)]),
            Host::Ipv6(ip) => return self.literal(IpAddr::V6(ip)).map(|()| vec![IpAddr::V6(ip)]),
            Host::Domain(name) => name,
        };
        let found = self.lookup.addresses(&name).await;
        Ok(self.policy.allowed(&name, found)?)
    }

    /// The certificate authorities that are trusted besides the machine's, for protocols other than HTTP.
    pub fn authorities(&self) -> Arc<[CertificateDer<'static>]> {
        Arc::clone(&self.way.get().authorities)
    }

    async fn exchange(&self, mut request: Request, patience: &Patience) -> Result<Answer, Error> {
        for _ in 0..=redirect::MOST {
            let (response, place) = self.hop(&request).await?;
            let status = response.status();
            let next =
                if request.follow_redirects { redirect::target(&request.url, status, response.headers())? } else { None };
            match next {
                Some(to) => redirect::follow(&mut request, status, to),
                None => return self.answer(request.url, (response, place), patience).await,
            }
        }
        Err(Error::Redirect(format!("more than {} redirects", redirect::MOST)))
    }

    /// The access token that is kept for `credential`, if it is one that has any.
    pub async fn kept_token(&self, credential: &Credential) -> Option<String> {
        if matches!(credential.kind, Kind::OAuth2(_)) { self.tokens.shown(credential).await } else { None }
    }

    /// One request and its answer. A token that was good before and is refused now is replaced, once.
    async fn hop(&self, request: &Request) -> Result<(Response, Option<OwnedSemaphorePermit>), Error> {
        let answered = self.attempt(request).await?;
        match &request.credential {
            Some(credential)
                if answered.0.status() == StatusCode::UNAUTHORIZED
                    && matches!(credential.kind, Kind::OAuth2(_))
                    && self.tokens.forget(credential).await =>
            {
                drop(answered);
                self.attempt(request).await
            }
            _ => Ok(answered),
        }
    }

    /// The access token for a credential that needs one. Boxed, for getting it is a request itself.
    fn token<'a>(&'a self, credential: &'a Credential) -> BoxFuture<'a, Result<Option<String>, Error>> {
        Box::pin(async move {
            let Kind::OAuth2(grant) = &credential.kind else { return Ok(None) };
            let fetch = async { self.send(token::request(grant)?).await };
            self.tokens.get(credential, grant, fetch).await.map(Some)
        })
    }

    async fn attempt(&self, request: &Request) -> Result<(Response, Option<OwnedSemaphorePermit>), Error> {
        self.check(&request.url)?;
        let (mut url, mut headers) = (request.url.clone(), request.headers.clone());
        if let Some(credential) = &request.credential {
            proof::belongs(credential, &url)?;
            let token = self.token(credential).await?;
            proof::attach(credential, token.as_deref(), &mut url, &mut headers)?;
            self.rates.turn(credential).await;
        }
        let way = self.way.get();
        if way.proxy.is_some() {
            self.check_behind_proxy(&url).await?;
        }
        let host = host_and_port(&url);
        let place = self.places.take(&host).await;
        let sent = way.client.request(request.method.clone(), url).headers(headers).body(request.body.clone()).send();
        match sent.await {
            Ok(response) => Ok((response, place)),
            Err(source) => Err(Error::from_client(source, &host)),
        }
    }

    /// The place at the host is held until the answer is read.
    async fn answer(
        &self,
        url: Url,
        (response, _place): (Response, Option<OwnedSemaphorePermit>),
        patience: &Patience,
    ) -> Result<Answer, Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let read = body::read(response, HTTP_RESPONSE_BYTES, &self.budget, patience).await;
        let (body, share) = read.map_err(|error| error.at(&host_and_port(&url)))?;
        Ok(Answer { status, url, headers, body, share })
    }

    /// What can be said about a URL before its name is resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Url(format!("only http and https URLs can be requested, not {}", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Url("a URL can't carry a user name or password; send an `authorization` header".to_owned()));
        }
        if self.way.get().own.as_ref().is_some_and(|own| *own == url.origin()) {
            return Err(Error::Url("the URL is this server's own address, which workflows can't call".to_owned()));
        }
        // The client connects to a literal address without asking the resolver.
        match url.host() {
            Some(Host::Ipv4(ip)) => self.literal(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => self.literal(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Error::Url("the URL has no host".to_owned())),
        }
    }

    fn literal(&self, ip: IpAddr) -> Result<(), Error> {
        self.policy.check(ip).map_err(|kind| Error::Forbidden { host: ip.to_string(), verb: "is", kind })
    }

    /// A proxy resolves names itself. A name that leads inside for this machine is not passed on to it; one that this machine
    /// can't resolve is the proxy's to judge.
    async fn check_behind_proxy(&self, url: &Url) -> Result<(), Error> {
        let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
        for ip in self.lookup.addresses(name).await.unwrap_or_default() {
            let forbidden = |kind| Error::Forbidden { host: name.to_owned(), verb: "resolves to", kind };
            self.policy.check(ip).map_err(forbidden)?;
        }
        Ok(())
    }
}

impl Way {
    fn new(policy: OutboundPolicy, client: Client) -> Self {
        Self { client, proxy: policy.proxy, authorities: policy.authorities.into(), own: policy.own }
    }
}

fn client(
    policy: &OutboundPolicy,
    lookup: &Arc<dyn Lookup>,
    addresses: &AddressPolicy,
    roots: RootCertStore,
) -> Result<Client, reqwest::Error> {
    let trusted = policy.proxy.as_ref().and_then(|proxy| proxy.url.host_str()).map(str::to_owned);
    let filter = Filter { lookup: Arc::clone(lookup), policy: addresses.clone(), trusted };
    let builder = Client::builder()
        .tls_backend_preconfigured(tls::config(roots, &[b"h2", b"http/1.1"]))
        .dns_resolver(filter)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(policy.connect_timeout)
        .pool_idle_timeout(Duration::from_secs(30));
    match &policy.proxy {
        Some(given) => builder.proxy(proxy(given)?).build(),
        None => builder.build(),
    }
}

fn proxy(given: &OutboundProxy) -> Result<Proxy, reqwest::Error> {
    Ok(Proxy::all(given.url.clone())?.no_proxy(NoProxy::from_string(&given.except.join(","))))
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
