//! The body of a request: text, JSON, a form, parts, or the bytes of a file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded::Serializer;

use super::input::{kind, read_pairs};
use crate::domain::file::BASE64;

/// The fields of `with` that are bodies.
const BODIES: [&str; 5] = ["json", "body", "form", "multipart", "file"];

/// Reads the one body that `with` has, and adds its media type to `headers` unless the author knows better.
pub(super) fn read(with: &Map<String, Value>, headers: &mut HeaderMap) -> Result<Vec<u8>, String> {
    let given: Vec<_> = BODIES.into_iter().filter(|name| with.contains_key(*name)).collect();
    let (body, media_type) = match given.as_slice() {
        [] => return Ok(Vec::new()),
        ["json"] => (with["json"].to_string().into_bytes(), "application/json".to_owned()),
        ["body"] => match &with["body"] {
            Value::Null => return Ok(Vec::new()),
            Value::String(text) => (text.clone().into_bytes(), "text/plain; charset=utf-8".to_owned()),
            other => return Err(format!("`with.body` must be text, not {}; use `json` for data", kind(other))),
        },
        ["form"] => {
            let pairs = read_pairs("form", with.get("form"))?;
            let form = Serializer::new(String::new()).extend_pairs(&pairs).finish();
            (form.into_bytes(), "application/x-www-form-urlencoded".to_owned())
        }
        ["multipart"] => multipart(&with["multipart"])?,
        ["file"] => {
            let file = File::read("with.file", &with["file"])?;
            (file.bytes, file.content_type)
        }
        several => return Err(format!("`with` can have only one of {}, not {}", BODIES.join(", "), several.join(" and "))),
    };
    let media_type =
        HeaderValue::try_from(media_type).map_err(|_| "the `content_type` can't be sent in a header".to_owned())?;
    headers.entry(CONTENT_TYPE).or_insert(media_type);
    Ok(body)
}

/// A file of a request.
struct File {
    bytes: Vec<u8>,
    name: Option<String>,
    content_type: String,
}

impl File {
    fn read(place: &str, value: &Value) -> Result<Self, String> {
        let fields = value.as_object().ok_or_else(|| format!("`{place}` must be an object, not {}", kind(value)))?;
        let text = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(other) => Err(format!("`{place}.{name}` must be text, not {}", kind(other))),
        };
        let (bytes, usual) = match (text(BASE64)?, text("text")?) {
            (Some(encoded), None) => {
                let bytes =
                    STANDARD.decode(encoded.trim()).map_err(|error| format!("`{place}.base64` is not base64: {error}"))?;
                (bytes, "application/octet-stream")
            }
            (None, Some(text)) => (text.as_bytes().to_vec(), "text/plain; charset=utf-8"),
            _ => return Err(format!("`{place}` needs its content, once: `base64` or `text`")),
        };
        let content_type = text("content_type")?.unwrap_or(usual).to_owned();
        if content_type.chars().any(char::is_control) {
            return Err(format!("`{place}.content_type` has a line break or another control character"));
        }
        // A file that came with a delivery or an answer calls itself `file_name`.
        let name = text("filename")?.or(text("file_name")?);
        Ok(Self { bytes, name: name.map(str::to_owned), content_type })
    }
}

/// `multipart/form-data` (RFC 7578), names written as browsers do it.
fn multipart(value: &Value) -> Result<(Vec<u8>, String), String> {
    let fields = value.as_object().ok_or_else(|| format!("`with.multipart` must be an object, not {}", kind(value)))?;
    let mut parts = Vec::new();
    for (name, value) in fields {
        let file = match value {
            Value::Null => continue,
            Value::String(text) => plain(text.clone()),
            Value::Number(_) | Value::Bool(_) => plain(value.to_string()),
            Value::Object(_) => File::read(&format!("with.multipart.{name}"), value)?,
            Value::Array(_) => return Err(format!("`with.multipart.{name}` must be text, a number or a file, not a list")),
        };
        parts.push((name, file));
    }
    let boundary = boundary(&parts);
    let mut body = Vec::new();
    for (name, file) in parts {
        let filename = file.name.as_ref().map(|name| format!("; filename=\"{}\"", quoted(name))).unwrap_or_default();
        let media_type = match file.content_type.as_str() {
            "" => String::new(),
            media_type => format!("\r\nContent-Type: {media_type}"),
        };
        let name = quoted(name);
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{filename}{media_type}");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&file.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((body, format!("multipart/form-data; boundary={boundary}")))
}

fn plain(text: String) -> File {
    File { bytes: text.into_bytes(), name: None, content_type: String::new() }
}

/// The same for the same parts, so that a repeated request is the same; and in none of them, since it is their hash.
fn boundary(parts: &[(&String, File)]) -> String {
    let mut hash = Sha256::new();
    for (name, file) in parts {
        hash.update(name.as_bytes());
        hash.update(&file.bytes);
    }
    format!("tidemill-{}", hex::encode(&hash.finalize()[..16]))
}

fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "%22".to_owned(),
        '\r' => "%0D".to_owned(),
        '\n' => "%0A".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
    fn body(with: Value) -> Result<(String, String), String> {
        let mut headers = HeaderMap::new();
        let body = read(with.as_object().unwrap(), &mut headers)?;
        let media_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Ok((String::from_utf8_lossy(&body).into_owned(), media_type))
    }

    #[test]
    fn bodies_bring_their_media_type() {
        for (with, text, media_type) in [
            (json!({}), "", ""),
            (json!({"json": {"a": [1]}}), r#"{"a":[1]}"#, "application/json"),
            (json!({"json": null}), "null", "application/json"),
            (json!({"body": "<a/>"}), "<a/>", "text/plain; charset=utf-8"),
            (json!({"form": {"k": "v&w"}}), "k=v%26w", "application/x-www-form-urlencoded"),
            (json!({"file": {"base64": "aGk="}}), "hi", "application/octet-stream"),
            (json!({"file": {"base64": "aGk=", "content_type": "image/png"}}), "hi", "image/png"),
        ] {
            assert_eq!(body(with.clone()), Ok((text.to_owned(), media_type.to_owned())), "{with}");
        }
    }

    #[test]
    fn the_author_may_know_the_media_type_better() {
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))]);
        read(json!({"body": "<a/>"}).as_object().unwrap(), &mut headers).unwrap();
        assert_eq!(headers[CONTENT_TYPE], "text/xml");
    }

    #[test]
    fn parts_are_those_of_the_rfc_and_nobody_breaks_out_of_a_name() {
        let with = json!({"multipart": {
            "title": "a b", "n": 1, "none": null,
            "f\"\r\nX-Evil: 1": {"text": "hello", "filename": "a\"\r\n.txt"},
            "png": {"base64": "aGk=", "filename": "x.png", "content_type": "image/png"},
        }});
        let (text, media_type) = body(with.clone()).unwrap();
        let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert_eq!(
            text.replace(boundary, "B"),
            "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\na b\r\n\
             --B\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n1\r\n\
             --B\r\nContent-Disposition: form-data; name=\"f%22%0D%0AX-Evil: 1\"; filename=\"a%22%0D%0A.txt\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n\
             --B\r\nContent-Disposition: form-data; name=\"png\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\nhi\r\n\
             --B--\r\n"
        );
        assert_eq!(body(with).unwrap().1, media_type, "the same request again is the same");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (with, expected) in [
            (json!({"body": {}}), "`with.body` must be text, not an object; use `json` for data"),
            (
                json!({"body": "", "json": 1}),
                "`with` can have only one of json, body, form, multipart, file, not json and body",
            ),
            (json!({"multipart": []}), "`with.multipart` must be an object, not a list"),
            (json!({"multipart": {"a": []}}), "`with.multipart.a` must be text, a number or a file, not a list"),
            (json!({"multipart": {"a": {}}}), "`with.multipart.a` needs its content, once: `base64` or `text`"),
            (json!({"file": {"base64": 1}}), "`with.file.base64` must be text, not a number"),
            (
                json!({"multipart": {"a": {"text": "", "content_type": "a\r\nX-Evil: 1"}}}),
                "`with.multipart.a.content_type` has a line break or another control character",
            ),
        ] {
            assert_eq!(body(with).unwrap_err(), expected);
        }
        assert!(body(json!({"file": {"base64": "?"}})).unwrap_err().starts_with("`with.file.base64` is not base64: "));
    }
}
