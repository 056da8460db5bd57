//! Reads the rendered `with` of a step, strictly: what is not understood is an error, not a guess.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;

use super::{auth, body};
use crate::domain::sensitive::is_sensitive;

/// The fields of `with` that are rendered.
const FIELDS: [&str; 12] = [
    "method",
    "url",
    "headers",
    "query",
    "json",
    "body",
    "form",
    "multipart",
    "file",
    "auth",
    "follow_redirects",
    "fail_on_status",
];
/// Headers that belong to the connection, not to the author: with them a request could be read in two ways.
const CONNECTION_HEADERS: [&str; 9] =
    ["connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/// A request as the author wrote it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) follow_redirects: bool,
    pub(super) fail_on_status: bool,
}

/// Reads `with`; the error says which field is wrong and what it should be.
pub(super) fn read(with: &Value) -> Result<Input, String> {
    let fields = with.as_object().ok_or_else(|| format!("`with` must be an object, not {}", kind(with)))?;
    if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        return Err(unknown_field(unknown));
    }
    let mut headers = read_headers(fields.get("headers"))?;
    if let Some(value) = auth::read(fields.get("auth"))?
        && headers.insert(AUTHORIZATION, value).is_some()
    {
        return Err("`with.auth` and the header `authorization` say the same thing twice; keep one of them".to_owned());
    }
    let body = body::read(fields, &mut headers)?;
    Ok(Input {
        method: read_method(fields.get("method"))?,
        url: read_url(fields.get("url"), fields.get("query"))?,
        headers,
        body,
        follow_redirects: read_flag(fields, "follow_redirects")?,
        fail_on_status: read_flag(fields, "fail_on_status")?,
    })
}

fn unknown_field(name: &str) -> String {
    let nearest = FIELDS
        .into_iter()
        .map(|field| (strsim::damerau_levenshtein(field, name), field))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    match nearest {
        Some((_, field)) => format!("`with.{name}` is not a field of http.request; did you mean `{field}`?"),
        None => format!("`with.{name}` is not a field of http.request; there are {}", FIELDS.join(", ")),
    }
}

fn read_method(value: Option<&Value>) -> Result<Method, String> {
    match value {
        None | Some(Value::Null) => Ok(Method::GET),
        Some(Value::String(text)) => match Method::from_bytes(text.to_ascii_uppercase().as_bytes()) {
            Ok(Method::CONNECT) | Err(_) => Err(format!("`with.method` must be a method such as GET or POST, not `{text}`")),
            Ok(method) => Ok(method),
        },
        Some(other) => Err(format!("`with.method` must be text such as GET, not {}", kind(other))),
    }
}

fn read_url(value: Option<&Value>, query: Option<&Value>) -> Result<Url, String> {
    let text = match value {
        Some(Value::String(text)) => text.trim(),
        None | Some(Value::Null) => return Err("`with.url` is missing".to_owned()),
        Some(other) => return Err(format!("`with.url` must be text, not {}", kind(other))),
    };
    // The text is not repeated: it may contain a secret.
    let mut url = Url::parse(text).map_err(|error| format!("`with.url` is not a URL: {error}"))?;
    let pairs = read_pairs("query", query)?;
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(&pairs);
    }
    url.set_fragment(None);
    Ok(url)
}

fn read_headers(value: Option<&Value>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, text) in read_pairs("headers", value)? {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`with.headers` has a name that no header can have: `{name}`"))?;
        if CONNECTION_HEADERS.contains(&header.as_str()) {
            return Err(format!("the header `{header}` is set by the client; remove it from `with.headers`"));
        }
        let mut value = HeaderValue::from_bytes(text.as_bytes())
            .map_err(|_| format!("the value of the header `{header}` has a line break or another control character"))?;
        // Keeps it out of debug output and out of HTTP/2's compression tables.
        value.set_sensitive(is_sensitive(header.as_str()));
        headers.append(header, value);
    }
    Ok(headers)
}

fn read_flag(fields: &Map<String, Value>, name: &str) -> Result<bool, String> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(true),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(format!("`with.{name}` must be true or false, not {}", kind(other))),
    }
}

/// An object of texts, numbers and booleans, or lists of them. What is null is left out.
pub(super) fn read_pairs(field: &str, value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let object = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(format!("`with.{field}` must be an object, not {}", kind(other))),
    };
    let mut pairs = Vec::with_capacity(object.len());
    for (name, value) in object {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            match value {
                Value::Null => {}
                Value::String(text) => pairs.push((name.clone(), text.clone())),
                Value::Number(_) | Value::Bool(_) => pairs.push((name.clone(), value.to_string())),
                other => {
                    return Err(format!("`with.{field}.{name}` must be text, a number or true/false, not {}", kind(other)));
                }
            }
        }
    }
    Ok(pairs)
}

pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true/false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_defaults_are_a_plain_get() {
        let input = read(&json!({"url": "https://example.com/a?x=1#top"})).unwrap();
        assert_eq!((input.method, input.url.as_str()), (Method::GET, "https://example.com/a?x=1"));
        assert!(input.follow_redirects && input.fail_on_status && input.body.is_empty() && input.headers.is_empty());
    }

    #[test]
    fn every_field_is_read() {
        let input = read(&json!({
            "method": "post", "url": "https://example.com/", "query": {"a": 1, "b": ["x y", true], "none": null},
            "headers": {"X-A": 1, "x-b": ["1", "2"]}, "form": {"k": "v&w"}, "follow_redirects": false, "fail_on_status": false,
        }))
        .unwrap();
        assert_eq!(input.method, Method::POST);
        assert_eq!(input.url.as_str(), "https://example.com/?a=1&b=x+y&b=true");
        assert_eq!(input.headers["x-a"], "1");
        assert_eq!(input.headers.get_all("x-b").iter().count(), 2);
        assert_eq!(input.headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(input.body, b"k=v%26w");
        assert!(!input.follow_redirects && !input.fail_on_status);
    }

    #[test]
    fn secrets_are_not_debugged() {
        let input = read(&json!({"url": "http://a.b", "headers": {"X-Api-Key": "canary", "Accept": "text/plain"}})).unwrap();
        let shown = format!("{input:?}");
        assert!(!shown.contains("canary") && shown.contains("text/plain"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (with, expected) in [
            (json!("x"), "`with` must be an object, not text"),
            (json!({}), "`with.url` is missing"),
            (json!({"url": 5}), "`with.url` must be text, not a number"),
            (json!({"url": "example.com"}), "`with.url` is not a URL: relative URL without a base"),
            (
                json!({"url": "http://a.b", "header": {}}),
                "`with.header` is not a field of http.request; did you mean `headers`?",
            ),
            (
                json!({"url": "http://a.b", "method": "CONNECT"}),
                "`with.method` must be a method such as GET or POST, not `CONNECT`",
            ),
            (json!({"url": "http://a.b", "method": "G T"}), "`with.method` must be a method such as GET or POST, not `G T`"),
            (json!({"url": "http://a.b", "headers": []}), "`with.headers` must be an object, not a list"),
            (json!({"url": "http://a.b", "headers": {"a b": "c"}}), "`with.headers` has a name that no header can have: `a b`"),
            (
                json!({"url": "http://a.b", "headers": {"a": "b\r\nc: d"}}),
                "the value of the header `a` has a line break or another control character",
            ),
            (
                json!({"url": "http://a.b", "headers": {"Host": "c"}}),
                "the header `host` is set by the client; remove it from `with.headers`",
            ),
            (
                json!({"url": "http://a.b", "query": {"a": {}}}),
                "`with.query.a` must be text, a number or true/false, not an object",
            ),
            (
                json!({"url": "http://a.b", "auth": {"type": "bearer", "token": "x"}, "headers": {"Authorization": "y"}}),
                "`with.auth` and the header `authorization` say the same thing twice; keep one of them",
            ),
            (json!({"url": "http://a.b", "fail_on_status": "yes"}), "`with.fail_on_status` must be true or false, not text"),
        ] {
            assert_eq!(read(&with).unwrap_err(), expected);
        }
        let far = read(&json!({"url": "http://a.b", "completely_else": 1})).unwrap_err();
        assert!(far.contains("there are method, url"), "{far}");
    }
}
