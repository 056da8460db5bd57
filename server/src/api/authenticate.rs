//! Who may come in: a closed list of public addresses; everything else needs a token, before its body is read.

use std::net::IpAddr;

use poem::http::{HeaderMap, header};
use poem::{Endpoint, FromRequest, Middleware, Request, RequestBody, Result};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;
use tidemill_common::problem::{Code, Problem};

use super::problem::{self, ProblemError};
use crate::app;
use crate::auth::{self, Authenticator, Caller};

/// Names the workspace that a request acts on, by slug or id, when it isn't the token's own.
pub const WORKSPACE: &str = "tidemill-workspace";

/// Addresses that need no token. Webhooks, below `/hooks/` and `/test-hooks/`, check their senders themselves; resume
/// addresses, below `/resume/`, are secrets; pages and operations for signing in, and where Stripe sends its events, check what they
/// are sent.
const PUBLIC: [&str; 14] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/docs",
    "/api/openapi.json",
    "/api/schema/workflow",
    "/api/pricing",
    "/api/billing/stripe",
    "/api/sign-in",
    "/api/password-reset",
    "/api/device",
    "/api/device/token",
    "/device",
    "/reset",
];

/// Where one more part of the address is a secret that opens what is behind it.
const BY_LINK: [&str; 3] = ["/api/invites/", "/invite/", "/reset/"];

/// Below these, too.
const PUBLIC_BELOW: [&str; 3] = ["/hooks/", "/test-hooks/", "/resume/"];

fn is_public(path: &str) -> bool {
    let is_secret = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_link = |start: &&str| path.strip_prefix(*start).is_some_and(is_secret);
    PUBLIC.contains(&path) || PUBLIC_BELOW.iter().any(|prefix| path.starts_with(prefix)) || BY_LINK.iter().any(is_link)
}

/// The workspace that the address is about: `/api/workspaces/{id}` and what is below it.
fn addressed(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/api/workspaces/")?;
    rest.split('/').next().filter(|id| !id.is_empty())
}

/// Lets public requests and those with a valid token pass; the latter carry their [`Caller`].
#[derive(Clone)]
pub struct Authenticate(pub Authenticator);

/// An endpoint behind the door.
pub struct Guarded<E> {
    inner: E,
    authenticator: Authenticator,
}

impl<E: Endpoint> Middleware<E> for Authenticate {
    type Output = Guarded<E>;

    fn transform(&self, inner: E) -> Guarded<E> {
        Guarded { inner, authenticator: self.0.clone() }
    }
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        if !is_public(request.uri().path()) {
            let (secret, workspace) = presented(&request)?;
            let mut caller = self.authenticator.authenticate(&secret, workspace.as_deref()).await.map_err(refusal)?;
            caller.address = remote(&request);
            let authenticator = self.authenticator.clone();
            request.extensions_mut().insert(Standing { authenticator, secret, workspace });
            request.extensions_mut().insert(caller);
        }
        self.inner.call(request).await
    }
}

/// The token and the workspace that a request brings.
fn presented(request: &Request) -> Result<(String, Option<String>), ProblemError> {
    let headers = request.headers();
    let secret = bearer(headers).ok_or_else(problem::unauthenticated)?.to_owned();
    let workspace = match (addressed(request.uri().path()), headers.get(WORKSPACE)) {
        (Some(id), _) => Some(id.to_owned()),
        (None, None) => None,
        (None, Some(value)) => Some(value.to_str().map_err(|_| no_workspace())?.to_owned()),
    };
    Ok((secret, workspace))
}

fn refusal(error: auth::Error) -> ProblemError {
    match error {
        auth::Error::Unauthenticated => problem::unauthenticated().into(),
        auth::Error::NoWorkspace => no_workspace().into(),
        auth::Error::Store(error) => app::Error::Store(error).into(),
    }
}

/// The network address that a request came from.
pub fn remote(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip)
}

/// What a request came in with, so that what stays open can ask again.
#[derive(Clone)]
pub struct Standing {
    authenticator: Authenticator,
    secret: String,
    workspace: Option<String>,
}

impl Standing {
    /// Returns when there is no way in any more, or `may` says no. While the database is away, the last word stands.
    pub async fn lost<F: Future<Output = bool>>(&self, may: impl Fn(Caller) -> F) {
        loop {
            tokio::time::sleep(auth::RECHECKED).await;
            match self.authenticator.authenticate(&self.secret, self.workspace.as_deref()).await {
                Ok(caller) => {
                    if !may(caller).await {
                        return;
                    }
                }
                Err(auth::Error::Store(_)) => {}
                Err(_) => return,
            }
        }
    }
}

impl<'a> FromRequest<'a> for Standing {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let standing = request.extensions().get::<Self>().cloned();
        Ok(standing.ok_or_else(|| ProblemError::from(problem::unauthenticated()))?)
    }
}

/// The network address that a request came from, for operations without a token.
#[derive(Debug, Clone)]
pub struct Remote(pub Option<String>);

impl<'a> FromRequest<'a> for Remote {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self(remote(request).map(|address| address.to_string())))
    }
}

fn no_workspace() -> Problem {
    Problem::new(Code::NotFound, "there is no such workspace, or you are no member of it; GET /api/workspaces lists yours")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// An API token, as `Authorization: Bearer tm_…`.
#[derive(SecurityScheme)]
#[oai(rename = "token", ty = "bearer", bearer_format = "tm_…", checker = "passed")]
pub struct Token(pub Caller);

/// The caller that the door let in. Without one there is no way in, whatever the address.
#[expect(clippy::unused_async, reason = "the scheme's checker must be async")]
async fn passed(request: &Request, _bearer: Bearer) -> Option<Caller> {
    request.extensions().get::<Caller>().cloned()
}

/// The caller, for endpoints outside the OpenAPI document: the WebSockets.
#[derive(Debug, Clone)]
pub struct Authenticated(pub Caller);

impl<'a> FromRequest<'a> for Authenticated {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        let caller = request.extensions().get::<Caller>().cloned();
        Ok(Self(caller.ok_or_else(|| ProblemError::from(problem::unauthenticated()))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_closed_list_is_public() {
        for path in PUBLIC.into_iter().chain(["/api/invites/tmi_abc", "/invite/tmi_abc", "/reset/tmr_abc"]) {
            assert!(is_public(path));
        }
        assert_eq!(addressed("/api/workspaces/main/members"), Some("main"));
        assert_eq!(addressed("/api/workspaces/main"), Some("main"));
        assert_eq!((addressed("/api/workspaces/"), addressed("/api/workspaces"), addressed("/api/user")), (None, None, None));
        for path in [
            "/",
            "/hooks",
            "/resume",
            "/test-hooks",
            "/docs/",
            "/healthz/",
            "//healthz",
            "/HEALTHZ",
            "/api/openapi.json/",
            "/api/user",
            "/%68ealthz",
            "/metrics;x",
            "/api/invites/",
            "/api/invites/tmi_x/y",
            "/api/invites/..",
            "/api/invites/%2e%2e",
            "/invite/../api/user",
            "/api/device/approve",
            "/api/sign-in/",
        ] {
            assert!(!is_public(path), "{path}");
        }
    }
}
