//! A request to a webhook as it came, and what expressions see of it.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::body::{self, BodyError, pairs};
use super::routes::Route;

/// Headers that prove something and therefore never become part of an execution, besides those of the trigger's own scheme.
const PROOFS: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-hub-signature-256"];

/// A request as it came, without its body.
#[derive(Debug)]
pub struct Request<'a> {
    /// What follows the workspace (or the token of a test address) in the address, decoded, segment by segment.
    pub segments: &'a [String],
    /// The method, in capitals.
    pub method: &'a str,
    /// Path and query as they came: what a sender may have signed.
    pub target: &'a str,
    /// The query, not decoded.
    pub query: &'a str,
    /// Names (lower case) and values, in the order of their coming.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The other end of the connection, if it is known.
    pub peer: Option<IpAddr>,
}

impl Request<'_> {
    /// The first header called `name`, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| *header == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// What expressions see as `trigger`.
pub(super) async fn trigger_input(route: &Route, request: &Request<'_>, body: &[u8]) -> Result<Value, BodyError> {
    let query = url::form_urlencoded::parse(request.query.as_bytes());
    let query = pairs(query.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))));
    let body = body::parse(request.header("content-type"), body).await?;
    let params: Map<String, Value> =
        route.params.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
    Ok(json!({
        "method": request.method,
        "path": request.segments.join("/"),
        "params": params,
        "query": query,
        "headers": headers(route, request),
        "body": body,
        "test": route.test,
    }))
}

/// The headers that prove nothing. One that comes more than once is one list (RFC 9110 §5.3).
fn headers(route: &Route, request: &Request<'_>) -> Value {
    let is_proof =
        |name: &str| PROOFS.contains(&name) || route.proof.as_ref().is_some_and(|proof| proof.scheme.proves_with(name));
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| !is_proof(name)) {
        let Ok(value) = std::str::from_utf8(value) else { continue };
        match headers.get_mut(*name) {
            Some(Value::String(known)) => {
                known.push_str(", ");
                known.push_str(value);
            }
            _ => drop(headers.insert((*name).to_owned(), Value::from(value))),
        }
    }
    Value::Object(headers)
}

/// The segments of a path, each decoded by itself, so that `%2F` separates nothing. None when one of them is not text.
#[must_use]
pub fn segments(path: &str) -> Option<Vec<String>> {
    let decode =
        |segment: &str| percent_encoding::percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    path.trim_end_matches('/').split('/').map(decode).collect()
}

/// The parameters of a path, by name.
pub(super) type Params = Vec<(Arc<str>, String)>;
