//! The `auth` of a trigger: how its sender proves who it is.

use std::sync::Arc;
use std::time::Duration;

use super::http::literal_secret;
use super::ids;
use crate::domain::signature::{Algorithm, Encoding, HmacScheme, Scheme, SignedText, Stamp};
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::plan::Proof;

const TYPES: [&str; 7] = ["none", "hmac", "ed25519", "token", "bearer", "api_key", "basic"];
/// Schemes by the `type` that they belong to.
const HMAC: [&str; 9] = ["standard-webhooks", "github", "stripe", "slack", "shopify", "twilio", "linear", "zendesk", "generic"];
const ED25519: [&str; 1] = ["discord"];
const TOKEN: [&str; 1] = ["gitlab"];
/// The fields of a generic HMAC.
pub(super) const GENERIC_FIELDS: [&str; 10] =
    ["type", "scheme", "secret", "algorithm", "header", "prefix", "encoding", "timestamp_header", "signed", "tolerance"];
/// How many secrets may fit at a time: the new one and the old one.
const SECRETS: usize = 2;
/// The longest replay window.
const LONGEST_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the `auth`. `Some(None)` is `{type: none}`.
#[expect(clippy::option_option, reason = "the outer one says whether it could be read, as everywhere in this room")]
pub(super) fn auth(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Option<Proof>> {
    let fields = field.fields(problems)?;
    let kind = fields.required(problems, "type")?.word(problems, &TYPES)?;
    let (scheme, secret) = match kind {
        "none" => {
            fields.expect(problems, &["type"], &[]);
            return Some(None);
        }
        "bearer" => {
            fields.expect(problems, &["type", "secret"], &[]);
            (Some(Scheme::Bearer), "secret")
        }
        "api_key" => {
            fields.expect(problems, &["type", "header", "secret"], &[]);
            let name = fields.get("header").map_or_else(|| Some("x-api-key".into()), |field| header(&field, problems));
            (name.map(|header| Scheme::ApiKey { header }), "secret")
        }
        "basic" => {
            fields.expect(problems, &["type", "username", "password"], &[]);
            let username = fields.required(problems, "username").and_then(|field| field.text(problems).cloned());
            (username.map(|username| Scheme::Basic { username: username.value }), "password")
        }
        signed => (scheme(signed, &fields, problems), "secret"),
    };
    let tolerance = scheme.as_ref().and_then(|scheme| tolerance(scheme, &fields, problems));
    let secrets = secrets(&fields, secret, problems);
    Some(Some(Proof { scheme: scheme?, secrets: secrets?, tolerance: tolerance? }))
}

/// The sender whose rules hold.
fn scheme(kind: &'static str, fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Scheme> {
    let field = fields.required(problems, "scheme")?;
    let known: &[&'static str] = match kind {
        "hmac" => &HMAC,
        "ed25519" => &ED25519,
        _ => &TOKEN,
    };
    let word = field.text(problems)?.value.as_str();
    let owner =
        [("hmac", &HMAC[..]), ("ed25519", &ED25519), ("token", &TOKEN)].into_iter().find(|(_, own)| own.contains(&word));
    if let Some((owner, _)) = owner.filter(|(owner, _)| *owner != kind) {
        let found = Found::new("conflict", format!("`{word}` is not of the type {kind}"));
        field.report(problems, found.hint(format!("write type: {owner}")));
        return None;
    }
    let word = field.word(problems, known)?;
    if word == "generic" {
        fields.expect(problems, &GENERIC_FIELDS, &[]);
        return generic(fields, problems).map(Scheme::Hmac);
    }
    fields.expect(problems, &["type", "scheme", "secret", "tolerance"], &[]);
    Some(match word {
        "standard-webhooks" => Scheme::StandardWebhooks,
        "github" => Scheme::Github,
        "stripe" => Scheme::Stripe,
        "slack" => Scheme::Slack,
        "shopify" => Scheme::Shopify,
        "twilio" => Scheme::Twilio,
        "linear" => Scheme::Linear,
        "zendesk" => Scheme::Zendesk,
        "discord" => Scheme::Discord,
        _ => Scheme::Gitlab,
    })
}

fn generic(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<HmacScheme> {
    let algorithm = fields.get("algorithm").map_or(Some("sha256"), |field| field.word(problems, &["sha1", "sha256", "sha512"]));
    let encoding = fields.get("encoding").map_or(Some("hex"), |field| field.word(problems, &["hex", "base64"]));
    let name = fields.required(problems, "header").and_then(|field| header(&field, problems));
    let prefix =
        fields.get("prefix").map_or_else(|| Some(String::new()), |field| field.text(problems).map(|text| text.value.clone()));
    let stamp = stamp(fields, problems);
    Some(HmacScheme {
        algorithm: match algorithm? {
            "sha1" => Algorithm::Sha1,
            "sha512" => Algorithm::Sha512,
            _ => Algorithm::Sha256,
        },
        header: name?,
        prefix: prefix?,
        encoding: if encoding? == "base64" { Encoding::Base64 } else { Encoding::Hex },
        stamp: stamp?,
    })
}

/// The signed time: `timestamp_header`, and what is `signed`.
#[expect(clippy::option_option, reason = "the outer one says whether it could be read")]
fn stamp(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Option<Stamp>> {
    let Some(field) = fields.get("timestamp_header") else {
        if let Some(signed) = fields.get("signed") {
            let found = Found::new("conflict", "`signed` says how body and time are put together, and there is no time");
            signed.report(problems, found.hint("add `timestamp_header`, or remove `signed`"));
            return None;
        }
        return Some(None);
    };
    let name = header(&field, problems);
    let signed = match fields.get("signed") {
        None => SignedText::parse("{timestamp}.{body}").ok(),
        Some(field) => {
            let text = field.text(problems)?;
            let parsed = SignedText::parse(&text.value);
            let report = |why: &String| {
                let found = Found::new("invalid_signed", format!("`signed`: {why}"));
                field.report(problems, found.hint("an example is \"{timestamp}.{body}\""));
            };
            parsed.inspect_err(report).ok()
        }
    };
    Some(Some(Stamp { header: name?, signed: signed? }))
}

fn tolerance(scheme: &Scheme, fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Duration> {
    let Some(field) = fields.get("tolerance") else { return Some(scheme.tolerance()) };
    if !scheme.is_timed() {
        let found = Found::new("conflict", "this scheme signs no time, so that nothing can be too old");
        field.report(problems, found.hint("remove `tolerance`"));
        return None;
    }
    ids::duration(&field, problems, Duration::from_secs(1), LONGEST_TOLERANCE)
}

/// The name of a header, in lower case.
pub(super) fn header(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = field.text(problems)?;
    let is_token = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
    if !text.value.is_empty() && text.value.len() <= 100 && text.value.chars().all(is_token) {
        return Some(text.value.to_ascii_lowercase().into());
    }
    let message = format!("`{}` is not the name of a header", shorten(&text.value));
    field.report(problems, Found::new("invalid_header", message).hint("an example is X-Signature"));
    None
}

/// The field `key`: one secret, or a list of two of which either fits.
fn secrets(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<Vec<Arc<str>>> {
    let field = fields.required(problems, key)?;
    if !matches!(field.node.content, Content::List(_)) {
        return Some(vec![secret(&field, problems)?]);
    }
    let items = field.list(problems)?;
    if items.is_empty() || items.len() > SECRETS {
        let found = Found::new("out_of_range", format!("{} takes one secret, or two of which either fits", field.path));
        field.report(problems, found.hint("two are for the time of a rotation: the new one and the old one"));
        return None;
    }
    let names: Vec<_> = items.iter().map(|item| secret(item, problems)).collect();
    names.into_iter().collect()
}

/// The name in `{{ secrets.NAME }}`; nothing else may stand there.
fn secret(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let Content::Text(text) = &field.node.content else {
        field.report(problems, literal_secret(&field.path));
        return None;
    };
    let inner = text.value.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    let Some(inner) = inner.map(str::trim) else {
        field.report(problems, literal_secret(&field.path));
        return None;
    };
    let name = inner.strip_prefix("secrets.").unwrap_or_default();
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.len() <= 100
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if is_name {
        return Some(name.into());
    }
    let near = nearest(inner.split('.').next().unwrap_or_default(), ["secrets"]).map(|_| "{{ secrets.NAME }}");
    let found = Found::new("unknown_name", format!("`{}` can't stand here", shorten(inner)));
    field.report(problems, found.hint("write exactly \"{{ secrets.NAME }}\"; a name has letters, digits and _").meant(near));
    None
}
