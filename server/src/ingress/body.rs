//! The body of a delivery, read by its declared type.

use serde_json::{Map, Value};

/// Why a body can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The declared type and the bytes don't agree.
    #[error("the body is not what its content type says: {0}")]
    Malformed(String),
    /// The type is not read here.
    #[error("bodies of type `{0}` are not read here; send JSON, a form (application/x-www-form-urlencoded) or text")]
    Unsupported(String),
}

/// The body as expressions see it: JSON as it is, a form as an object of texts, text as text, nothing as null.
pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Value, BodyError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let declared = content_type.unwrap_or("application/json");
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => json(body),
        other if other.ends_with("+json") => json(body),
        "application/x-www-form-urlencoded" => Ok(form(body)),
        other if other.starts_with("text/") => std::str::from_utf8(body)
            .map(|text| Value::String(text.to_owned()))
            .map_err(|error| BodyError::Malformed(format!("not UTF-8 ({error})"))),
        other => Err(BodyError::Unsupported(other.to_owned())),
    }
}

fn json(body: &[u8]) -> Result<Value, BodyError> {
    let value: Value = serde_json::from_slice(body).map_err(|error| BodyError::Malformed(error.to_string()))?;
    if crate::domain::json::depth(&value) > tidemill_common::limits::JSON_DEPTH {
        return Err(BodyError::Malformed(format!("nested deeper than {} levels", tidemill_common::limits::JSON_DEPTH)));
    }
    Ok(value)
}

/// A form (URL Standard §5). A name that comes twice becomes a list.
fn form(body: &[u8]) -> Value {
    let mut fields = Map::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = Value::String(value.into_owned());
        match fields.get_mut(name.as_ref()) {
            None => drop(fields.insert(name.into_owned(), value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_is_read_by_its_type() {
        let read = |content_type, body: &str| parse(content_type, body.as_bytes()).unwrap();
        assert_eq!(read(Some("application/json; charset=utf-8"), r#"{"a":1}"#), json!({"a": 1}));
        assert_eq!(read(Some("application/cloudevents+json"), "[1]"), json!([1]));
        assert_eq!(read(Some("application/x-www-form-urlencoded"), "a=1&b=x+y&a=%C3%BC"), json!({"a": ["1", "ü"], "b": "x y"}));
        assert_eq!(read(Some("text/plain"), "hello"), json!("hello"));
        assert_eq!(read(None, "7"), json!(7));
        assert_eq!(read(Some("application/json"), ""), Value::Null);
    }

    #[test]
    fn what_can_not_be_read_is_refused() {
        assert!(matches!(parse(Some("application/json"), b"{"), Err(BodyError::Malformed(_))));
        assert!(matches!(parse(Some("text/plain"), b"\xff"), Err(BodyError::Malformed(_))));
        assert!(matches!(parse(Some("image/png"), b"x"), Err(BodyError::Unsupported(_))));
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(matches!(parse(None, deep.as_bytes()), Err(BodyError::Malformed(_))));
        let deeper = "[".repeat(100_000);
        assert!(matches!(parse(None, deeper.as_bytes()), Err(BodyError::Malformed(_))));
    }
}
