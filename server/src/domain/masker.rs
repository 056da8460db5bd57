//! Keeps secrets out of events by their values, in every way in which they may be written.

use std::fmt;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::mask::MASK;

/// Shorter secrets are masked only where they stand alone; else `1` would blacken every number.
const SHORTEST_PART: usize = 4;
/// Longer forms are looked for one by one: they would make the automaton large, and there are few of them.
const LONG: usize = 1024;

/// Finds secrets and puts [`MASK`] in their place.
#[derive(Default)]
pub struct Masker {
    /// What is a secret when it stands alone, sorted.
    whole: Vec<String>,
    /// What is one wherever it stands, the longest first.
    long: Vec<String>,
    short: Option<AhoCorasick>,
}

impl Masker {
    /// Looks for `secrets`.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let (mut whole, mut parts) = (Vec::new(), Vec::new());
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            let into = if secret.len() < SHORTEST_PART { &mut whole } else { &mut parts };
            into.extend(forms(secret));
        }
        whole.sort_unstable();
        parts.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        parts.dedup();
        let (long, short): (Vec<_>, Vec<_>) = parts.into_iter().partition(|form| form.len() > LONG);
        // Of two forms that begin at the same place the longer one counts: a secret that contains another is masked whole.
        let builder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&short);
        let short =
            (!short.is_empty()).then(|| builder.expect("some hundred kilobytes are far below the limits of the automaton"));
        Self { whole, long, short }
    }

    /// `value` with every secret masked, in texts and in names.
    #[must_use]
    pub fn mask(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.mask_text(text)),
            Value::Array(list) => list.iter().map(|item| self.mask(item)).collect(),
            Value::Object(object) => {
                let fields = object.iter().map(|(name, value)| (self.mask_text(name), self.mask(value)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Value::Number(number) => {
                let text = number.to_string();
                if self.mask_text(&text) == text { value.clone() } else { Value::from(MASK) }
            }
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// `text` with every secret masked.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> String {
        if self.whole.binary_search_by(|form| form.as_str().cmp(text)).is_ok() {
            return MASK.to_owned();
        }
        let mut text = text.to_owned();
        for form in &self.long {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MASK);
            }
        }
        match &self.short {
            Some(short) if short.is_match(&text) => {
                let mut masked = String::with_capacity(text.len());
                short.replace_all_with(&text, &mut masked, |_, _, masked| {
                    masked.push_str(MASK);
                    true
                });
                masked
            }
            _ => text,
        }
    }
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masker(…)")
    }
}

/// Every way in which a secret may be written.
fn forms(secret: &str) -> Vec<String> {
    let json = escaped(secret);
    let reversed: String = secret.chars().rev().collect();
    let ascii = json.chars().flat_map(ascii_only).collect::<String>();
    let mut forms = vec![
        escaped(&json),
        json.replace('/', "\\/"),
        ascii,
        json,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
        // Services answer with JSON, of which an error quotes the text.
        escaped(&reversed),
        reversed,
        secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;"),
        secret.to_owned(),
    ];
    for encoded in percent_encoded(secret) {
        forms.push(lower_case_escapes(&encoded));
        forms.push(encoded);
    }
    for offset in 0..3 {
        forms.push(base64_inside(secret, offset, &STANDARD_NO_PAD));
        forms.push(base64_inside(secret, offset, &URL_SAFE_NO_PAD));
    }
    forms
}

/// As it stands inside a JSON text.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// What is not ASCII, as JSON writers write it that speak only ASCII.
fn ascii_only(c: char) -> Vec<char> {
    if c.is_ascii() {
        return vec![c];
    }
    c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>()).collect()
}

/// In a form, as `encodeURIComponent` does it, in a query, in a path, and as a URL's password.
fn percent_encoded(secret: &str) -> Vec<String> {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let plus = form.replace('+', "%20");
    let component = [("%21", "!"), ("%27", "'"), ("%28", "("), ("%29", ")"), ("%7E", "~")]
        .iter()
        .fold(plus.clone(), |text, (code, plain)| text.replace(code, plain));
    let mut all = vec![form, plus, component];
    if let Ok(mut url) = Url::parse("https://x/") {
        url.set_query(Some(secret));
        all.extend(url.query().map(str::to_owned));
        url.set_path(secret);
        all.push(url.path().trim_start_matches('/').to_owned());
        if url.set_password(Some(secret)).is_ok() {
            all.extend(url.password().map(str::to_owned));
        }
    }
    all.retain(|form| form.len() >= secret.len().min(SHORTEST_PART));
    all
}

/// `%2F` as `%2f`.
fn lower_case_escapes(text: &str) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut escape = 0_u8;
    for c in text.chars() {
        lowered.push(if escape > 0 { c.to_ascii_lowercase() } else { c });
        escape = if c == '%' { 2 } else { escape.saturating_sub(1) };
    }
    lowered
}

/// What base64 shows of a secret that stands in a longer text, `offset` bytes behind the beginning of a group of three. The
/// characters at its edges that also depend on its neighbours are left out.
fn base64_inside(secret: &str, offset: usize, engine: &impl base64::Engine) -> String {
    let bytes = [vec![0; offset], secret.as_bytes().to_vec()].concat();
    let encoded = engine.encode(&bytes);
    let first = [0, 2, 3][offset];
    let last = encoded.len() - usize::from(bytes.len() % 3 != 0);
    encoded.get(first..last).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    #[test]
    fn secret_values_are_masked_in_every_form() {
        let secret = "p\"s w/ö?+canary";
        let masker = Masker::new([secret, "canary"]);
        let value = json!({
            "plain": format!("<{secret}>"),
            "base64": format!("Basic {}", STANDARD_NO_PAD.encode(secret)),
            "url": format!("https://a.b/?q={}", byte_serialize(secret.as_bytes()).collect::<String>()),
            "json": serde_json::to_string(&json!({"a": secret})).unwrap(),
            "json in json": serde_json::to_string(&json!({"a": json!({"b": secret}).to_string()})).unwrap(),
            "ascii": "p\\\"s w/\\u00f6?+canary",
            "hex": hex::encode(secret),
            "reversed": "yranac",
            "deep": [[{"canary": ["the canary sings"]}]],
        });
        assert_eq!(
            masker.mask(&value),
            json!({
                "plain": "<***>", "base64": "Basic ***", "url": "https://a.b/?q=***", "json": "{\"a\":\"***\"}",
                "json in json": "{\"a\":\"{\\\"b\\\":\\\"***\\\"}\"}", "ascii": "***", "hex": "***", "reversed": "***",
                "deep": [[{"***": ["the *** sings"]}]],
            })
        );
        assert_eq!(masker.mask_text("GET canary failed"), "GET *** failed");
    }

    #[test]
    fn a_secret_inside_of_base64_is_found_wherever_it_stands() {
        let secret = "hunter2-canary";
        let masker = Masker::new([secret]);
        for before in ["", "a", "ab", "abc", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = STANDARD.encode(format!("{before}{secret}{after}"));
                let shown = masker.mask_text(&text);
                assert!(shown.contains(MASK) && shown.len() <= text.len() - secret.len(), "{before}|{after}: {shown}");
            }
        }
    }

    #[test]
    fn percent_encodings_are_found_in_both_cases() {
        let secret = "a/b+c=d&e(f)~!ö";
        let masker = Masker::new([secret]);
        for text in [
            "a%2Fb%2Bc%3Dd%26e%28f%29%7E%21%C3%B6",
            "a%2fb%2bc%3dd%26e%28f%29%7e%21%c3%b6",
            "a%2Fb%2Bc%3Dd%26e(f)~!%C3%B6",
            "a/b+c=d&e(f)~!%C3%B6",
        ] {
            assert_eq!(masker.mask_text(text), MASK, "{text}");
        }
    }

    #[test]
    fn short_secrets_are_masked_only_alone() {
        let masker = Masker::new(["12", ""]);
        assert_eq!(masker.mask(&json!(["12", 12, "1234", 1234, "", null])), json!(["***", "***", "1234", 1234, "", null]));
        assert_eq!(Masker::new(["1234"]).mask(&json!([1234, 812_345])), json!(["***", "***"]));
    }

    #[test]
    fn a_long_secret_is_masked_whole() {
        let key = "-----BEGIN KEY-----\n".to_owned() + &"abcdefgh\n".repeat(6000);
        let masker = Masker::new([key.as_str(), "abcdefgh"]);
        assert_eq!(masker.mask_text(&format!("x{key}y")), "x***y");
        assert_eq!(masker.mask(&json!({"a": key})), json!({"a": "***"}));
    }
}
