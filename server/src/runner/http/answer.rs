//! What later steps see of an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use serde_json::{Map, Value, json};
use tidemill_common::limits::JSON_DEPTH;

use crate::domain::file;
use crate::domain::workflow::http::ResponseForm;
use crate::runner::outbound::Answer;

/// The step's output: `status`, `headers`, `body`, `body_encoding`, and of a file `file`.
///
/// With `file` the body is null, and the file is one that can be handed on. Else `body_encoding` says what `body` is: `json`
/// (parsed, when the content type says JSON and it is JSON within the depth limit), `text` (UTF-8) or `base64` (anything else). An
/// empty body is `null` with `json`, else empty text. What `form` asks for and the answer is not is an error.
pub(super) fn output(answer: &Answer, form: ResponseForm) -> Result<Value, String> {
    let (body, encoding) = match form {
        ResponseForm::Auto => any(answer),
        ResponseForm::Json => (json_of(&answer.body).ok_or("the answer is not JSON that can be read")?, "json"),
        ResponseForm::Text => {
            let text = std::str::from_utf8(&answer.body).map_err(|_| "the answer is not text in UTF-8")?;
            (Value::from(text), "text")
        }
        ResponseForm::File => (Value::Null, "file"),
    };
    let mut output =
        json!({"status": answer.status.as_u16(), "headers": headers(&answer.headers), "body": body, "body_encoding": encoding});
    if form == ResponseForm::File {
        let content = (answer.body.len(), STANDARD.encode(&answer.body));
        output["file"] = file::file(&file_name(answer), content_type(&answer.headers), content);
    }
    Ok(output)
}

fn any(answer: &Answer) -> (Value, &'static str) {
    if says_json(&answer.headers)
        && let Some(value) = json_of(&answer.body)
    {
        return (value, "json");
    }
    match std::str::from_utf8(&answer.body) {
        Ok(text) => (Value::from(text), "text"),
        Err(_) => (Value::from(STANDARD.encode(&answer.body)), "base64"),
    }
}

fn json_of(body: &[u8]) -> Option<Value> {
    if body.is_empty() {
        return Some(Value::Null);
    }
    serde_json::from_slice::<Value>(body).ok().filter(|value| is_within_depth(value, JSON_DEPTH))
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// What the answer calls itself (RFC 6266, the plain form), else the end of its path. Never a path.
fn file_name(answer: &Answer) -> String {
    let said = answer.headers.get(CONTENT_DISPOSITION).and_then(|value| value.to_str().ok());
    let said = said.and_then(|text| text.split_once("filename=")).map(|(_, name)| {
        let name = name.split(';').next().unwrap_or_default();
        name.trim().trim_matches('"').to_owned()
    });
    let name = said.or_else(|| answer.url.path_segments()?.next_back().map(str::to_owned)).unwrap_or_default();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    if safe.is_empty() || safe == "." || safe == ".." { "file".to_owned() } else { safe }
}

/// `application/json`, and everything that ends in `+json` (RFC 6839 §3.1).
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/json" | "text/json") || essence.ends_with("+json")
}

fn is_within_depth(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(list) => depth > 0 && list.iter().all(|item| is_within_depth(item, depth - 1)),
        Value::Object(object) => depth > 0 && object.values().all(|item| is_within_depth(item, depth - 1)),
        _ => true,
    }
}

/// Names in lower case. A header that came several times is one text joined by `, ` (RFC 9110 §5.3), but `set-cookie`,
/// whose values may contain commas, is always a list.
fn headers(headers: &HeaderMap) -> Value {
    let mut output = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter().map(text);
        let value = if *name == SET_COOKIE { values.collect() } else { Value::from(values.collect::<Vec<_>>().join(", ")) };
        output.insert(name.as_str().to_owned(), value);
    }
    Value::Object(output)
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderName;
    use url::Url;

    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: &[u8]) -> Value {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        let url = Url::parse("http://example.com").unwrap();
        output(&Answer { status: StatusCode::OK, url, headers, body: body.to_vec(), share: None }, ResponseForm::Auto).unwrap()
    }

    #[test]
    fn the_author_can_say_what_the_body_is() {
        let answer = |body: &[u8], disposition: &str| Answer {
            status: StatusCode::OK,
            url: Url::parse("http://example.com/reports/may.csv?x=1").unwrap(),
            headers: HeaderMap::from_iter([(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).unwrap())]),
            body: body.to_vec(),
            share: None,
        };
        assert_eq!(output(&answer(b"[1]", ""), ResponseForm::Json).unwrap()["body"], json!([1]));
        assert_eq!(output(&answer(b"[1]", ""), ResponseForm::Text).unwrap()["body"], "[1]");
        assert!(
            output(&answer(b"<a>", ""), ResponseForm::Json).is_err()
                && output(&answer(b"\xff", ""), ResponseForm::Text).is_err()
        );
        for (disposition, name) in [
            ("", "may.csv"),
            ("attachment; filename=\"june.csv\"; size=3", "june.csv"),
            ("attachment; filename=../../etc/passwd", "passwd"),
            ("attachment; filename=..", "file"),
            ("attachment; filename=\"C:\\\\boot.ini\"", "boot.ini"),
        ] {
            let file = output(&answer(b"hi!", disposition), ResponseForm::File).unwrap();
            assert_eq!(
                (&file["body"], &file["body_encoding"], &file["file"]),
                (&Value::Null, &json!("file"), &json!({"file_name": name, "content_type": null, "size": 3, "base64": "aGkh"}))
            );
        }
    }

    #[test]
    fn json_is_parsed_when_it_says_so() {
        for content_type in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json", "text/json"] {
            let output = answer(&[("content-type", content_type)], br#"{"a":[1]}"#);
            assert_eq!((&output["body"], &output["body_encoding"]), (&json!({"a": [1]}), &json!("json")), "{content_type}");
        }
        assert_eq!(answer(&[("content-type", "text/html")], b"[1]")["body"], "[1]");
        assert_eq!(answer(&[("content-type", "application/json")], b"")["body"], Value::Null);
    }

    #[test]
    fn what_is_not_json_stays_text() {
        let output = answer(&[("content-type", "application/json")], b"upstream broke");
        assert_eq!((&output["body"], &output["body_encoding"]), (&json!("upstream broke"), &json!("text")));
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert_eq!(answer(&[("content-type", "application/json")], nested(JSON_DEPTH).as_bytes())["body_encoding"], "json");
        for depth in [JSON_DEPTH + 1, 100_000] {
            assert_eq!(answer(&[("content-type", "application/json")], nested(depth).as_bytes())["body_encoding"], "text");
        }
    }

    #[test]
    fn bytes_become_base64() {
        let output = answer(&[("content-type", "image/png")], b"\x89PNG");
        assert_eq!((&output["body"], &output["body_encoding"]), (&json!("iVBORw=="), &json!("base64")));
    }

    #[test]
    fn repeated_headers_are_joined_and_cookies_listed() {
        let output = answer(&[("x-a", "1"), ("x-a", "2"), ("set-cookie", "a=1"), ("set-cookie", "b=2")], b"");
        assert_eq!(output["headers"], json!({"x-a": "1, 2", "set-cookie": ["a=1", "b=2"]}));
        assert_eq!(answer(&[("set-cookie", "a=1")], b"")["headers"], json!({"set-cookie": ["a=1"]}));
    }
}
