//! What a `respond` step says, as an answer.

use serde_json::Value;

/// The answer to a webhook's sender.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// Names (lower case) and values of headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Headers that belong to the connection or to the server: a workflow can't say them. Cookies and the like would hold for
/// everything else on this server's address.
const OURS: [&str; 14] = [
    "connection",
    "content-length",
    "content-security-policy",
    "date",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
    "x-request-id",
];
/// Most headers.
const MOST_HEADERS: usize = 50;

impl Reply {
    /// Reads the output of a `respond` step: what expressions gave has not been checked before.
    ///
    /// # Errors
    /// What is wrong with it, in words for the workflow's author.
    pub fn read(output: &Value) -> Result<Self, String> {
        let redirect = match output.get("redirect").filter(|redirect| !redirect.is_null()) {
            None => None,
            Some(Value::String(to)) => Some(to),
            Some(_) => return Err("`redirect` must be a text".to_owned()),
        };
        let status = status(output.get("status"), redirect.is_some())?;
        let mut headers = headers(output.get("headers"))?;
        if let Some(to) = redirect {
            headers.push(header("location", to)?);
        }
        let body = body(output, &mut headers)?;
        Ok(Self { status, headers, body })
    }
}

fn status(given: Option<&Value>, redirects: bool) -> Result<u16, String> {
    let number = match given {
        None | Some(Value::Null) => return Ok(if redirects { 303 } else { 200 }),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    let status = number.and_then(|number| u16::try_from(number).ok()).filter(|number| (200..=599).contains(number));
    status.ok_or_else(|| "`status` must be a number from 200 to 599".to_owned())
}

fn headers(given: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let fields = match given {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(fields)) if fields.len() <= MOST_HEADERS => fields,
        Some(_) => return Err(format!("`headers` must be an object with at most {MOST_HEADERS} fields")),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let given = fields.iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(name, value)| header(name, &text(value).ok_or_else(|| format!("the header `{name}` must be a text"))?))
        .collect()
}

fn header(name: &str, value: &str) -> Result<(String, String), String> {
    let name = name.to_ascii_lowercase();
    let shown: String = name.chars().take(60).collect();
    let is_token = !name.is_empty()
        && name.len() <= 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    if !is_token {
        return Err(format!("`{shown}` is not the name of a header"));
    }
    if OURS.contains(&name.as_str()) || name.starts_with("access-control-") {
        return Err(format!("the header `{shown}` can't be set by a workflow"));
    }
    if value.len() > 4096 || value.chars().any(char::is_control) {
        return Err(format!("the value of the header `{shown}` is too long, or has line breaks or control characters in it"));
    }
    Ok((name, value.to_owned()))
}

fn body(output: &Value, headers: &mut Vec<(String, String)>) -> Result<Vec<u8>, String> {
    let (bytes, content_type) = match (output.get("json"), output.get("body")) {
        (Some(json), _) => (serde_json::to_vec(json).map_err(|error| error.to_string())?, "application/json"),
        (None, Some(Value::String(text))) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
        (None, None | Some(Value::Null)) => return Ok(Vec::new()),
        (None, Some(_)) => return Err("`body` must be a text; use `json` for anything else".to_owned()),
    };
    if !headers.iter().any(|(name, _)| name == "content-type") {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_what_the_step_says() {
        let read = |output: Value| Reply::read(&output).unwrap();
        assert_eq!(read(json!({})), Reply { status: 200, headers: vec![], body: vec![] });
        let created = read(json!({"status": "201", "headers": {"X-Id": 7, "x-no": null}, "json": {"ok": true}}));
        assert_eq!((created.status, &created.body[..]), (201, &br#"{"ok":true}"#[..]));
        assert_eq!(created.headers, [("x-id".into(), "7".into()), ("content-type".into(), "application/json".into())]);
        let page = read(json!({"headers": {"Content-Type": "text/html"}, "body": "<p>"}));
        assert_eq!(page.headers, [("content-type".into(), "text/html".into())]);
        let redirect = read(json!({"redirect": "https://a.example/x"}));
        assert_eq!((redirect.status, redirect.headers), (303, vec![("location".into(), "https://a.example/x".into())]));
    }

    #[test]
    fn what_can_not_be_an_answer_is_told() {
        for (output, why) in [
            (json!({"status": 99}), "200 to 599"),
            (json!({"status": 101}), "200 to 599"),
            (json!({"status": "ok"}), "200 to 599"),
            (json!({"headers": {"X": "a\r\nSet-Cookie: b"}}), "line breaks"),
            (json!({"headers": {"Set-Cookie": "a=b"}}), "can't be set"),
            (json!({"headers": {"Access-Control-Allow-Origin": "*"}}), "can't be set"),
            (json!({"headers": {"a b": "c"}}), "not the name"),
            (json!({"headers": {"a": {}}}), "must be a text"),
            (json!({"headers": []}), "must be an object"),
            (json!({"redirect": "https://a.example/\nx"}), "line breaks"),
            (json!({"redirect": 7}), "must be a text"),
            (json!({"body": {}}), "use `json`"),
        ] {
            assert!(Reply::read(&output).unwrap_err().contains(why), "{output}");
        }
    }
}
