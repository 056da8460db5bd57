//! Keeps secrets out of events: by the name that they go under, and by their value.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::sensitive::is_sensitive;

/// What stands in a secret's place.
pub const MASK: &str = "***";
/// Shorter secrets are masked only where they stand alone; else `1` would blacken every number.
const SHORTEST_PART: usize = 4;

/// The `with` of an `http.request` as it may be shown: values of headers, query parameters and form fields with secret
/// names are masked, and so are such parts of the URL.
#[must_use]
pub fn mask(with: &Value) -> Value {
    let mut masked = with.clone();
    if let Value::Object(fields) = &mut masked {
        for field in ["headers", "query", "form", "json"] {
            if let Some(value) = fields.get_mut(field) {
                mask_names(value);
            }
        }
        if let Some(Value::String(url)) = fields.get_mut("url") {
            mask_url(url);
        }
    }
    masked
}

fn mask_names(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if is_sensitive(name) && !value.is_null() {
                    *value = Value::from(MASK);
                } else {
                    mask_names(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask_names),
        _ => {}
    }
}

fn mask_url(text: &mut String) {
    let Ok(mut url) = Url::parse(text.trim()) else { return };
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if !has_userinfo && !pairs.iter().any(|(name, _)| is_sensitive(name)) {
        return;
    }
    if has_userinfo && (url.set_username(MASK).is_err() || url.set_password(None).is_err()) {
        MASK.clone_into(text);
        return;
    }
    if !pairs.is_empty() {
        let shown = pairs.iter().map(|(name, value)| (name, if is_sensitive(name) { MASK } else { value.as_str() }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    *text = url.into();
}

/// `value` with every occurrence of every one of `secrets` masked, in texts and in names, also where a secret was
/// percent-encoded, JSON-escaped, or written in base64 or hexadecimal.
#[must_use]
pub fn mask_values(value: &Value, secrets: &[String]) -> Value {
    let forms = forms(secrets);
    if forms.is_empty() { value.clone() } else { masked(value, &forms) }
}

/// The same for a text, for example the message of an error.
#[must_use]
pub fn mask_text(text: &str, secrets: &[String]) -> String {
    replaced(text, &forms(secrets))
}

fn masked(value: &Value, forms: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(replaced(text, forms)),
        Value::Array(list) => list.iter().map(|item| masked(item, forms)).collect(),
        Value::Object(object) => {
            let fields = object.iter().map(|(name, value)| (replaced(name, forms), masked(value, forms)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Number(number) if forms.contains(&number.to_string()) => Value::from(MASK),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn replaced(text: &str, forms: &[String]) -> String {
    if forms.iter().any(|form| form == text) {
        return MASK.to_owned();
    }
    let mut text = text.to_owned();
    for form in forms.iter().filter(|form| form.len() >= SHORTEST_PART) {
        if text.contains(form.as_str()) {
            text = text.replace(form.as_str(), MASK);
        }
    }
    text
}

/// Every way in which a secret may be written, the longest first: a secret that contains another one is masked whole.
fn forms(secrets: &[String]) -> Vec<String> {
    let mut forms: Vec<String> = secrets.iter().filter(|secret| !secret.is_empty()).flat_map(|s| written(s)).collect();
    forms.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms
}

fn written(secret: &str) -> [String; 8] {
    let form_encoded: String = byte_serialize(secret.as_bytes()).collect();
    let escaped = Value::from(secret).to_string();
    [
        secret.to_owned(),
        form_encoded.replace('+', "%20"),
        form_encoded,
        escaped[1..escaped.len() - 1].to_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_names_are_masked() {
        let with = json!({
            "method": "POST",
            "url": "https://ada:pw@example.com/a?page=2&access_token=canary",
            "headers": {"Authorization": "Bearer canary", "X-Api-Key": ["canary"], "Accept": "text/plain"},
            "query": {"api_key": "canary", "page": 1},
            "json": {"user": {"password": "canary", "name": "ada"}},
        });
        assert_eq!(
            mask(&with),
            json!({
                "method": "POST",
                "url": "https://***@example.com/a?page=2&access_token=***",
                "headers": {"Authorization": "***", "X-Api-Key": "***", "Accept": "text/plain"},
                "query": {"api_key": "***", "page": 1},
                "json": {"user": {"password": "***", "name": "ada"}},
            })
        );
        let plain = json!({"url": "https://example.com/a?b=c d", "headers": {"accept": "x"}});
        assert_eq!(mask(&plain), plain);
        assert_eq!(mask(&json!("text")), json!("text"));
    }

    #[test]
    fn secret_values_are_masked_in_every_form() {
        let secret = "p\"s w/ö?+canary".to_owned();
        let secrets = [secret.clone(), "canary".to_owned()];
        let value = json!({
            "plain": format!("<{secret}>"),
            "base64": format!("Basic {}", STANDARD_NO_PAD.encode(&secret)),
            "url": format!("https://a.b/?q={}", byte_serialize(secret.as_bytes()).collect::<String>()),
            "json": serde_json::to_string(&json!({"a": secret})).unwrap(),
            "hex": hex::encode(&secret),
            "deep": [[{"canary": ["the canary sings"]}]],
        });
        let shown = mask_values(&value, &secrets);
        assert_eq!(
            shown,
            json!({
                "plain": "<***>", "base64": "Basic ***", "url": "https://a.b/?q=***", "json": "{\"a\":\"***\"}", "hex": "***",
                "deep": [[{"***": ["the *** sings"]}]],
            })
        );
        assert_eq!(mask_text("GET canary failed", &secrets), "GET *** failed");
    }

    #[test]
    fn short_secrets_are_masked_only_alone() {
        let secrets = ["12".to_owned(), String::new()];
        assert_eq!(
            mask_values(&json!(["12", 12, "1234", 1234, "", null]), &secrets),
            json!(["***", "***", "1234", 1234, "", null])
        );
    }
}
