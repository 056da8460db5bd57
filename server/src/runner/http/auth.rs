//! The `auth` of a request: what becomes its `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde_json::{Map, Value};

use super::input::kind;

/// The header that `auth` asks for: `{type: bearer, token}` (RFC 6750 §2.1) or `{type: basic, username, password}` (RFC 7617).
/// `{credential}` is none here: the client adds it where it may go. No value is repeated in an error: it may be a secret.
pub(super) fn read(auth: Option<&Value>) -> Result<Option<HeaderValue>, String> {
    let fields = match auth {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(fields)) => fields,
        Some(other) => return Err(format!("`with.auth` must be an object, not {}", kind(other))),
    };
    if let Some(unknown) = fields.keys().find(|name| fields.contains_key("credential") && *name != "credential") {
        return Err(format!("`with.auth.{unknown}` can't stand beside `credential`, which knows everything itself"));
    }
    if fields.contains_key("credential") {
        return Ok(None);
    }
    let (credentials, known): (String, &[&str]) = match text(fields, "type")? {
        "bearer" => (format!("Bearer {}", text(fields, "token")?), &["type", "token"]),
        "basic" => {
            let pair = format!("{}:{}", text(fields, "username")?, text(fields, "password")?);
            (format!("Basic {}", STANDARD.encode(pair)), &["type", "username", "password"])
        }
        _ => return Err("`with.auth.type` must be bearer or basic".to_owned()),
    };
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("`with.auth.{unknown}` is not a field of this type of auth; there are {}", known.join(", ")));
    }
    let mut value = HeaderValue::from_bytes(credentials.as_bytes())
        .map_err(|_| "`with.auth` has a line break or another control character".to_owned())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, String> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(format!("`with.auth.{name}` is missing")),
        Some(other) => Err(format!("`with.auth.{name}` must be text, not {}", kind(other))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn auth_becomes_a_header_that_is_not_debugged() {
        let header = |auth: Value| read(Some(&auth)).unwrap().unwrap();
        assert_eq!(header(json!({"type": "bearer", "token": "abc"})), "Bearer abc");
        // The example of RFC 7617 §2.
        let basic = header(json!({"type": "basic", "username": "Aladdin", "password": "open sesame"}));
        assert_eq!(basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{basic:?}").contains("QWxh"));
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some(&Value::Null)), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (auth, expected) in [
            (json!("canary"), "`with.auth` must be an object, not text"),
            (json!({}), "`with.auth.type` is missing"),
            (json!({"type": "canary"}), "`with.auth.type` must be bearer or basic"),
            (json!({"type": "bearer"}), "`with.auth.token` is missing"),
            (json!({"type": "bearer", "token": 7}), "`with.auth.token` must be text, not a number"),
            (json!({"type": "bearer", "token": "canary\n"}), "`with.auth` has a line break or another control character"),
            (
                json!({"type": "bearer", "token": "canary", "password": "canary"}),
                "`with.auth.password` is not a field of this type of auth; there are type, token",
            ),
        ] {
            assert_eq!(read(Some(&auth)).unwrap_err(), expected);
        }
    }
}
