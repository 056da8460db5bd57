//! Which web pages may deliver and read the answer (Fetch Standard §3.2). Without `cors` in the trigger nothing is said, and
//! browsers keep the answer to themselves.

use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Request, Response};

use crate::domain::workflow::plan::Cors;
use crate::ingress::Route;

/// How long a browser may keep the answer to its question.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The headers of an answer to `request`. They depend on who asks, so that caches must keep them apart.
pub(super) fn headers(cors: &Cors, request: &Request) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed(cors, request) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After, Tidemill-Execution"));
    }
    headers
}

fn allowed(cors: &Cors, request: &Request) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?.to_str().ok()?;
    HeaderValue::from_str(cors.allowed(origin)?).ok()
}

/// The answer to a browser that asks before it sends. It starts nothing.
pub(super) fn preflight(cors: &Cors, route: &Route, request: &Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let mut answer = headers(cors, request);
    if answer.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let mut add = |name: HeaderName, list: String| {
            if let Ok(value) = HeaderValue::try_from(list) {
                answer.insert(name, value);
            }
        };
        let methods = route.webhook().map(|webhook| webhook.methods.join(", ")).unwrap_or_default();
        add(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let safe = ["content-type", "idempotency-key"].into_iter();
        add(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            safe.chain(cors.headers.iter().map(|name| &**name)).collect::<Vec<_>>().join(", "),
        );
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    response.headers_mut().extend(answer);
    response
}
