//! Webhook triggers and how their senders are verified.

use std::sync::Arc;

use super::http::literal_secret;
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::plan::{
    BasicAuth, Encoding, HmacAlgorithm, HmacScheme, Respond, SecretRef, Trigger, TriggerKind, WebhookAuth, WebhookTrigger,
};

/// The fields of a webhook.
pub(super) const FIELDS: [&str; 7] = ["id", "type", "path", "methods", "auth", "respond", "dedupe_header"];
const LATER_FIELDS: [&str; 4] = ["if", "filter", "response", "rate_limit"];
const METHODS: [&str; 5] = ["POST", "PUT", "PATCH", "DELETE", "GET"];
const AUTH_TYPES: [&str; 5] = ["none", "hmac", "bearer", "api_key", "basic"];
const SCHEMES: [&str; 3] = ["github", "standard-webhooks", "generic"];
const LATER_SCHEMES: [&str; 3] = ["stripe", "slack", "shopify"];
/// Longest path, in bytes.
const LONGEST_PATH: usize = 200;

/// Reads a webhook trigger.
pub(super) fn webhook(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<WebhookTrigger> {
    fields.expect(problems, &FIELDS, &LATER_FIELDS);
    let path = path(fields, problems);
    let methods = methods(fields, problems);
    let auth = fields.get("auth").map_or(Some(WebhookAuth::None), |field| auth(&field, problems));
    let respond =
        fields.get("respond").map_or(Some("immediately"), |field| field.word(problems, &["immediately", "when_finished"]));
    let dedupe_header = fields.get("dedupe_header").and_then(|field| header(&field, problems));
    Some(WebhookTrigger {
        path: path?,
        methods: methods?,
        auth: auth?,
        respond: if respond? == "when_finished" { Respond::WhenFinished } else { Respond::Immediately },
        dedupe_header,
    })
}

fn path(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let field = fields.required(problems, "path")?;
    let text = field.text(problems)?;
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !segment.chars().all(|character| character == '.')
            && segment.chars().all(|character| character.is_ascii_alphanumeric() || "._~-".contains(character))
    };
    if text.value.len() <= LONGEST_PATH && text.value.split('/').all(is_segment) {
        return Some(text.value.as_str().into());
    }
    let trimmed = text.value.trim_matches('/');
    let likely = (trimmed != text.value && trimmed.split('/').all(is_segment)).then_some(trimmed);
    let message = format!(
        "`{}` is not a webhook path; it is made of letters, digits, `.`, `_`, `~`, `-`, and `/` between them",
        shorten(&text.value)
    );
    field.report(problems, Found::new("invalid_path", message).hint("an example is orders/new").meant(likely));
    None
}

fn methods(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Vec<&'static str>> {
    let Some(field) = fields.get("methods") else { return Some(vec!["POST"]) };
    let items = field.list(problems)?;
    if items.is_empty() {
        field.report(problems, Found::new("out_of_range", "a webhook needs at least one method"));
        return None;
    }
    let mut methods: Vec<&'static str> = Vec::new();
    let mut fine = true;
    for item in items {
        match item.word(problems, &METHODS) {
            Some(method) if !methods.contains(&method) => methods.push(method),
            Some(_) => {}
            None => fine = false,
        }
    }
    fine.then_some(methods)
}

/// The name of a header, in lower case.
fn header(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = field.text(problems)?;
    let is_token = |character: char| character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
    if !text.value.is_empty() && text.value.len() <= 100 && text.value.chars().all(is_token) {
        return Some(text.value.to_ascii_lowercase().into());
    }
    let message = format!("`{}` is not the name of a header", shorten(&text.value));
    field.report(problems, Found::new("invalid_header", message).hint("an example is X-Signature"));
    None
}

fn auth(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<WebhookAuth> {
    let fields = field.fields(problems)?;
    match fields.required(problems, "type")?.word(problems, &AUTH_TYPES)? {
        "none" => {
            fields.expect(problems, &["type"], &[]);
            Some(WebhookAuth::None)
        }
        "hmac" => hmac(&fields, problems),
        "bearer" => {
            fields.expect(problems, &["type", "secret"], &[]);
            Some(WebhookAuth::Bearer { secret: secret(&fields, "secret", problems)? })
        }
        "api_key" => {
            fields.expect(problems, &["type", "header", "secret"], &[]);
            let name = fields.get("header").map_or_else(|| Some("x-api-key".into()), |field| header(&field, problems));
            let secret = secret(&fields, "secret", problems);
            Some(WebhookAuth::ApiKey { header: name?, secret: secret? })
        }
        _ => {
            fields.expect(problems, &["type", "username", "password"], &[]);
            let username = fields.required(problems, "username").and_then(|field| field.text(problems).cloned());
            let password = secret(&fields, "password", problems);
            Some(WebhookAuth::Basic(BasicAuth { username: username?.value, password: password? }))
        }
    }
}

fn hmac(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<WebhookAuth> {
    let scheme_field = fields.required(problems, "scheme")?;
    let word = scheme_field.text(problems)?;
    if LATER_SCHEMES.contains(&word.value.as_str()) {
        let message = format!("the scheme `{}` is not available in this version", word.value);
        scheme_field.report(problems, Found::new("not_available", message).hint("the scheme `generic` may do"));
        return None;
    }
    let scheme = match scheme_field.word(problems, &SCHEMES)? {
        "generic" => generic(fields, problems),
        other => {
            fields.expect(problems, &["type", "scheme", "secret"], &[]);
            Some(if other == "github" { HmacScheme::Github } else { HmacScheme::StandardWebhooks })
        }
    };
    let secret = secret(fields, "secret", problems);
    Some(WebhookAuth::Hmac { scheme: scheme?, secret: secret? })
}

fn generic(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<HmacScheme> {
    fields.expect(problems, &["type", "scheme", "secret", "algorithm", "header", "prefix", "encoding"], &[]);
    let algorithm = fields.get("algorithm").map_or(Some("sha256"), |field| field.word(problems, &["sha256", "sha512"]));
    let encoding = fields.get("encoding").map_or(Some("hex"), |field| field.word(problems, &["hex", "base64"]));
    let name = fields.required(problems, "header").and_then(|field| header(&field, problems));
    let prefix =
        fields.get("prefix").map_or_else(|| Some(String::new()), |field| field.text(problems).map(|text| text.value.clone()));
    Some(HmacScheme::Generic {
        algorithm: if algorithm? == "sha512" { HmacAlgorithm::Sha512 } else { HmacAlgorithm::Sha256 },
        header: name?,
        prefix: prefix?,
        encoding: if encoding? == "base64" { Encoding::Base64 } else { Encoding::Hex },
    })
}

/// The field `key`, which must be `{{ secrets.NAME }}` and nothing else.
fn secret(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<SecretRef> {
    let field = fields.required(problems, key)?;
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
        return Some(SecretRef::Named(name.into()));
    }
    let near = nearest(inner.split('.').next().unwrap_or_default(), ["secrets"]).map(|_| "{{ secrets.NAME }}");
    let found = Found::new("unknown_name", format!("`{}` can't stand here", shorten(inner)));
    field.report(problems, found.hint("write exactly \"{{ secrets.NAME }}\"; a name has letters, digits and _").meant(near));
    None
}

/// No two webhooks of a workflow may answer to the same path and method.
pub(super) fn distinct_paths<'t>(
    items: &[Cursor<'_>],
    read: impl Iterator<Item = &'t Option<Trigger>>,
    problems: &mut Problems<'_>,
) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (item, trigger) in items.iter().zip(read) {
        let Some(Trigger { kind: TriggerKind::Webhook(webhook), .. }) = trigger else { continue };
        for method in &webhook.methods {
            if seen.contains(&(&*webhook.path, method)) {
                let message = format!("two webhooks answer to {method} {}", webhook.path);
                item.report(problems, Found::new("duplicate_path", message));
            }
            seen.push((&*webhook.path, method));
        }
    }
}
