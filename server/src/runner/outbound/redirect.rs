//! What the next request is when the answer says "elsewhere" (RFC 9110 §15.4).

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use url::Url;

use super::Error;
use super::client::Request;

/// Most redirects that are followed.
pub(super) const MOST: usize = 10;

/// Headers that go along to another origin. Everything else stays, because a secret can be in any header.
const TRAVELLING: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::RANGE,
    header::USER_AGENT,
    HeaderName::from_static("idempotency-key"),
];

/// Where an answer sends the client, if it does.
pub(super) fn target(from: &Url, status: StatusCode, headers: &HeaderMap) -> Result<Option<Url>, Error> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else { return Ok(None) };
    let unreadable = || Error::Redirect("the answer redirects to something that is not a URL".to_owned());
    let text = std::str::from_utf8(location.as_bytes()).map_err(|_| unreadable())?;
    let to = from.join(text).map_err(|_| unreadable())?;
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(Error::Redirect(format!("the answer redirects from https to {}, which is not followed", to.scheme())));
    }
    Ok(Some(to))
}

/// Changes `request` into the one that follows a redirect with `status` to `to`.
pub(super) fn follow(request: &mut Request, status: StatusCode, to: Url) {
    let becomes_get = match status {
        StatusCode::SEE_OTHER => request.method != Method::HEAD,
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => !matches!(request.method, Method::GET | Method::HEAD),
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body.clear();
        request.headers.remove(header::CONTENT_TYPE);
        request.headers.remove(header::CONTENT_LANGUAGE);
        request.headers.remove(header::CONTENT_ENCODING);
    }
    if request.url.origin() != to.origin() {
        request.credential = None;
        let own = std::mem::take(&mut request.headers);
        for name in TRAVELLING {
            for value in own.get_all(&name) {
                request.headers.append(&name, value.clone());
            }
        }
    }
    request.url = to;
}
