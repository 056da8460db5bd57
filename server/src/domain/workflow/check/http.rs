//! The `with` of an `http.request` step.

use super::expressions::Context;
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::plan::Work;

/// The keys of the `with` of an `http.request` step.
pub(super) const FIELDS: [&str; 10] =
    ["method", "url", "headers", "query", "body", "json", "form", "auth", "follow_redirects", "fail_on_status"];
/// The methods that it sends.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Reads the `with`.
pub(super) fn work(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &FIELDS, &["tls", "proxy", "pagination", "credential"]);
    url(&fields, problems);
    method(&fields, problems);
    for key in ["headers", "query", "form"] {
        if let Some(field) = fields.get(key).filter(|field| !is_dynamic(field)) {
            flat(&field, problems);
        }
    }
    for key in ["follow_redirects", "fail_on_status"] {
        if let Some(field) = fields.get(key).filter(|field| !is_dynamic(field)) {
            field.boolean(problems);
        }
    }
    if let Some(field) = fields.get("body") {
        let hint = "use `json` to send an object or a list";
        if !matches!(field.node.content, Content::Text(_)) {
            field.report(
                problems,
                Found::new("wrong_type", format!("{} must be a text; this is {}", field.path, field.node.kind())).hint(hint),
            );
        }
    }
    one_body(&fields, problems);
    if let Some(field) = fields.get("auth") {
        auth(&field, problems);
    }
    context.secrets = true;
    let template = context.template(with, problems);
    context.secrets = false;
    template.map(Work::HttpRequest)
}

/// Whether `field` is a text with an expression.
pub(super) fn is_dynamic(field: &Cursor<'_>) -> bool {
    matches!(&field.node.content, Content::Text(text) if text.value.contains("{{") || text.value.contains("{%"))
}

fn url(fields: &Fields<'_>, problems: &mut Problems<'_>) {
    let Some(field) = fields.required(problems, "url") else { return };
    let Some(text) = field.text(problems) else { return };
    let scheme = text.value.starts_with("http://") || text.value.starts_with("https://");
    if !scheme && !text.value.starts_with("{{") && !text.value.starts_with("{%") {
        let found = Found::new("invalid_url", format!("`{}` is not a web address", shorten(&text.value)));
        field.report(problems, found.hint("it starts with https:// or http://"));
    }
}

fn method(fields: &Fields<'_>, problems: &mut Problems<'_>) {
    let Some(field) = fields.get("method").filter(|field| !is_dynamic(field)) else { return };
    field.word(problems, &METHODS);
}

/// An object whose values are texts, numbers, truths, or lists of these.
fn flat(field: &Cursor<'_>, problems: &mut Problems<'_>) {
    let Some(fields) = field.fields(problems) else { return };
    for (_, value) in fields.iter() {
        let nested = match &value.node.content {
            Content::Map(_) => true,
            Content::List(items) => items.iter().any(|item| matches!(item.content, Content::List(_) | Content::Map(_))),
            _ => false,
        };
        if nested {
            let message = format!("{} must be a text, a number, or a list of these; this is {}", value.path, value.node.kind());
            value.report(problems, Found::new("wrong_type", message));
        }
    }
}

fn one_body(fields: &Fields<'_>, problems: &mut Problems<'_>) {
    let given: Vec<Cursor<'_>> = ["body", "json", "form"].into_iter().filter_map(|key| fields.get(key)).collect();
    for extra in given.iter().skip(1) {
        extra.report(problems, Found::new("conflict", "a request has one of body, json and form").hint("keep one of them"));
    }
}

/// The words of `auth.type`, and the fields of each.
const AUTH: [(&str, &[&str], &[&str]); 2] =
    [("bearer", &["type", "token"], &["token"]), ("basic", &["type", "username", "password"], &["username", "password"])];

fn auth(field: &Cursor<'_>, problems: &mut Problems<'_>) {
    let Some(fields) = field.fields(problems) else { return };
    let Some(kind) = fields.required(problems, "type").and_then(|kind| kind.text(problems).map(|text| (kind, text))) else {
        return;
    };
    let (kind_field, kind) = kind;
    let Some((_, known, needed)) = AUTH.iter().find(|(word, _, _)| *word == kind.value) else {
        let found = Found::new("unknown_value", format!("`{}` is not one of bearer, basic", shorten(&kind.value)));
        kind_field.report(problems, found.meant(nearest(&kind.value, ["bearer", "basic"])));
        return;
    };
    fields.expect(problems, known, &[]);
    for key in *needed {
        let Some(value) = fields.required(problems, key) else { continue };
        if *key != "username" && value.text(problems).is_some() && !is_dynamic(&value) {
            value.report(problems, literal_secret(&value.path));
        }
    }
}

/// A secret that stands in the file.
pub(super) fn literal_secret(path: &str) -> Found {
    Found::new("literal_secret", format!("{path} is a secret; a secret can't stand in the file"))
        .hint("store it with `tidemill secret set NAME` and write \"{{ secrets.NAME }}\" here")
}
