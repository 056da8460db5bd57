//! Keeps secrets out of events by the names that they go under. By their values: [`super::masker`].

use serde_json::Value;
use url::Url;

use super::sensitive::is_sensitive;

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// The `with` of an `http.request` as it may be shown: values of headers, query parameters and form fields with secret
/// names are masked, and so are such parts of the URL.
#[must_use]
pub fn mask(with: &Value) -> Value {
    let mut masked = with.clone();
    if let Value::Object(fields) = &mut masked {
        for field in ["headers", "query", "form", "json", "multipart"] {
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
}
