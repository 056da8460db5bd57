//! Who may come in: a closed list of public addresses; everything else needs a token, before its body is read.

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

/// Addresses that need no token. Webhooks, below `/hooks/` and `/test-hooks/`, check their senders themselves; resume addresses,
/// below `/resume/`, are secrets.
const PUBLIC: [&str; 6] = ["/healthz", "/readyz", "/metrics", "/docs", "/api/openapi.json", "/api/schema/workflow"];

/// Below these, too.
const PUBLIC_BELOW: [&str; 3] = ["/hooks/", "/test-hooks/", "/resume/"];

fn is_public(path: &str) -> bool {
    PUBLIC.contains(&path) || PUBLIC_BELOW.iter().any(|prefix| path.starts_with(prefix))
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
            let caller = caller(&self.authenticator, request.headers()).await?;
            request.extensions_mut().insert(caller);
        }
        self.inner.call(request).await
    }
}

async fn caller(authenticator: &Authenticator, headers: &HeaderMap) -> Result<Caller, ProblemError> {
    let secret = bearer(headers).ok_or_else(problem::unauthenticated)?;
    let workspace = match headers.get(WORKSPACE) {
        None => None,
        Some(value) => Some(value.to_str().map_err(|_| no_workspace())?),
    };
    authenticator.authenticate(secret, workspace).await.map_err(|error| match error {
        auth::Error::Unauthenticated => problem::unauthenticated().into(),
        auth::Error::NoWorkspace => no_workspace().into(),
        auth::Error::Store(error) => app::Error::Store(error).into(),
    })
}

fn no_workspace() -> Problem {
    Problem::new(
        Code::NotFound,
        "there is no workspace as the `Tidemill-Workspace` header names it; GET /api/workspaces lists yours",
    )
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
        for path in PUBLIC {
            assert!(is_public(path));
        }
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
        ] {
            assert!(!is_public(path), "{path}");
        }
    }
}
