//! The `with` of an `http.request` step.

use std::sync::Arc;

use super::expressions::Context;
use super::pagination;
use super::retry::given;
use crate::domain::credential::Reference;
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::http::{HttpWork, ResponseForm};
use crate::domain::workflow::plan::Work;

/// The keys of the `with` of an `http.request` step.
pub(super) const FIELDS: [&str; 15] = [
    "method",
    "url",
    "headers",
    "query",
    "body",
    "json",
    "form",
    "multipart",
    "file",
    "auth",
    "follow_redirects",
    "fail_on_status",
    "response",
    "success_if",
    "pagination",
];
/// Those that are rendered for each attempt.
const RENDERED: [&str; 12] = [
    "method",
    "url",
    "headers",
    "query",
    "body",
    "json",
    "form",
    "multipart",
    "file",
    "auth",
    "follow_redirects",
    "fail_on_status",
];
/// Where a request carries credentials.
const CONFIDENTIAL: [&str; 9] = ["url", "headers", "query", "body", "json", "form", "multipart", "file", "auth"];
/// The ways to give a body.
const BODIES: [&str; 5] = ["body", "json", "form", "multipart", "file"];
/// The methods that it sends.
pub(super) const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Reads the `with`.
pub(super) fn work(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &FIELDS, &["tls", "proxy"]);
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
    parts(&fields, problems);
    one_body(&fields, problems);
    if let Some(field) = fields.get("auth") {
        auth(&field, context, problems);
    }
    if let Some(field) = fields.get("success_if").filter(|_| fields.get("fail_on_status").is_some()) {
        let found = Found::new("conflict", "`success_if` decides alone what a success is");
        field.report(problems, found.hint("remove `fail_on_status`, and ask for the status in `success_if`"));
    }
    let response = given(&fields, "response", "auto", |field| field.word(problems, &ResponseForm::WORDS));
    let success_if = given(&fields, "success_if", None, |field| context.of_answer(field, problems).map(Some));
    let pagination = given(&fields, "pagination", None, |field| pagination::pagination(field, context, problems).map(Some));
    let request = context.template_of(&fields, &RENDERED, &CONFIDENTIAL, problems);
    Some(Work::HttpRequest(HttpWork {
        request: request?,
        response: ResponseForm::from_word(response?),
        success_if: success_if?,
        pagination: pagination?,
    }))
}

/// `multipart`: fields that are texts or files; `file`: a file.
fn parts(fields: &Fields<'_>, problems: &mut Problems<'_>) {
    if let Some(field) = fields.get("multipart").filter(|field| !is_dynamic(field))
        && let Some(parts) = field.fields(problems)
    {
        for (_, part) in parts.iter() {
            match &part.node.content {
                Content::Map(_) => file(&part, &["base64", "text", "filename", "content_type"], problems),
                Content::List(_) => {
                    let found =
                        Found::new("wrong_type", format!("{} must be a text, a number or a file; this is a list", part.path));
                    part.report(problems, found);
                }
                _ => {}
            }
        }
    }
    if let Some(field) = fields.get("file").filter(|field| !is_dynamic(field)) {
        file(&field, &["base64", "content_type"], problems);
    }
}

/// A file of a request: its bytes, and what it is called.
fn file(field: &Cursor<'_>, known: &[&str], problems: &mut Problems<'_>) {
    let Some(fields) = field.fields(problems) else { return };
    fields.expect(problems, known, &["payload"]);
    for (key, value) in fields.iter().filter(|(key, _)| known.contains(key)) {
        if !matches!(value.node.content, Content::Text(_)) {
            let message = format!("{} must be a text; this is {}", value.path, value.node.kind());
            value.report(problems, Found::new("wrong_type", message).hint(format!("`{key}` is written as a text")));
        }
    }
    let given = ["base64", "text"].into_iter().filter(|key| fields.get(key).is_some()).count();
    if given != 1 {
        let found = Found::new("missing_field", format!("{} needs its content, once", field.path));
        field.report(problems, found.hint(if known.contains(&"text") { "give `base64` or `text`" } else { "give `base64`" }));
    }
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
    let given: Vec<Cursor<'_>> = BODIES.into_iter().filter_map(|key| fields.get(key)).collect();
    for extra in given.iter().skip(1) {
        let found = Found::new("conflict", format!("a request has one of {}", BODIES.join(", ")));
        extra.report(problems, found.hint("keep one of them"));
    }
}

/// The words of `auth.type`, and the fields of each.
const AUTH: [(&str, &[&str], &[&str]); 2] =
    [("bearer", &["type", "token"], &["token"]), ("basic", &["type", "username", "password"], &["username", "password"])];

fn auth(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) {
    let Some(fields) = field.fields(problems) else { return };
    if let Some(name) = fields.get("credential") {
        fields.expect(problems, &["credential"], &[]);
        context.used_credential = credential(&name, problems);
        return;
    }
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

/// The name of a credential. It stands in the file as it is: which secrets a workflow uses can be read from it.
pub(super) fn credential(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = field.text(problems)?;
    let name = text.value.as_str();
    if Reference::parse(name).is_some() {
        return Some(name.into());
    }
    let found = Found::new("invalid_credential", format!("`{}` is not the name of a credential", shorten(name)));
    field.report(problems, found.hint("write the name itself, 1 to 63 of a-z, 0-9 and _, without an expression, or WORKSPACE/NAME for one that another workspace shares; make one with `tidemill credential set NAME`"));
    None
}

/// A secret that stands in the file.
pub(super) fn literal_secret(path: &str) -> Found {
    Found::new("literal_secret", format!("{path} is a secret; a secret can't stand in the file"))
        .hint("store it with `tidemill secret set NAME` and write \"{{ secrets.NAME }}\" here")
}
