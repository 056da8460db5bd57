//! Forms as pages: no script, nothing from elsewhere, everything escaped.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::problem::{self, ProblemError};
use crate::domain::workflow::plan::{FieldKind, FormField, FormTrigger, choice_text};
use crate::ingress::{DELIVERY_FIELD, Shown};

const STYLE: &str = include_str!("form.css");

/// Templates whose name ends in `.html` escape what is put into them.
static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.add_template("form.html", include_str!("form.html")).expect("the page is a template");
    pages
});

/// What a browser may do with the page: show it with this style, and send it back here.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self' https: http:; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("the policy is visible ASCII")
});

/// One question as the page shows it.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the template asks for each by its name")]
struct Question<'a> {
    name: &'a str,
    label: &'a str,
    help: Option<&'a str>,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<Choice>>,
    many: bool,
    tick: bool,
    lines: bool,
    /// What is sent again is not a file: the page can't fill it in.
    file: bool,
    html_type: &'static str,
    step: Option<&'static str>,
    value: String,
}

#[derive(Serialize)]
struct Choice {
    text: String,
    chosen: bool,
}

/// The page of a form.
pub(super) fn page(form: &FormTrigger, shown: Shown) -> Result<Response, ProblemError> {
    let (status, sent, errors, delivery) = match shown {
        Shown::Thanks(_) => {
            if let Some(location) = form.redirect.as_ref().and_then(|to| HeaderValue::from_str(to).ok()) {
                return Ok(StatusCode::SEE_OTHER.with_header(header::LOCATION, location).into_response());
            }
            let shown = context! { title => &form.title, thanks => &form.thanks, style => STYLE };
            return html(StatusCode::OK, &shown);
        }
        Shown::Questions { sent, errors, delivery } if errors.is_empty() => (StatusCode::OK, sent, errors, delivery),
        Shown::Questions { sent, errors, delivery } => (StatusCode::UNPROCESSABLE_ENTITY, sent, errors, delivery),
    };
    let questions: Vec<_> = form.fields.iter().map(|field| question(field, &sent)).collect();
    let shown = context! {
        title => &form.title,
        description => form.description.as_deref(),
        errors,
        delivery_field => DELIVERY_FIELD,
        delivery,
        fields => Serde(&questions),
        files => form.takes_files(),
        submit => &form.submit,
        style => STYLE,
    };
    html(status, &shown)
}

fn html(status: StatusCode, shown: &minijinja::Value) -> Result<Response, ProblemError> {
    let page = PAGES.get_template("form.html").and_then(|page| page.render(shown)).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a form can't be shown");
        ProblemError::from(problem::internal())
    })?;
    let mut response = Response::builder().status(status).content_type("text/html; charset=utf-8").body(page);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    Ok(response)
}

/// A question with what was answered before, else with its default.
fn question<'a>(field: &'a FormField, sent: &[(String, String)]) -> Question<'a> {
    let answers: Vec<String> = match &field.default {
        Some(Value::Array(all)) if sent.is_empty() => all.iter().map(choice_text).collect(),
        Some(Value::Bool(truth)) if sent.is_empty() => truth.then(|| "yes".to_owned()).into_iter().collect(),
        Some(default) if sent.is_empty() => vec![choice_text(default)],
        _ => sent.iter().filter(|(name, _)| *name == field.name).map(|(_, value)| value.clone()).collect(),
    };
    let choices = match &field.kind {
        FieldKind::One(choices) | FieldKind::Any(choices) => Some(choices.iter().map(|choice| {
            let text = choice_text(choice);
            Choice { chosen: answers.contains(&text), text }
        })),
        _ => None,
    };
    let (html_type, step) = match field.kind {
        FieldKind::Line(html_type) => (html_type, None),
        FieldKind::Integer => ("number", Some("1")),
        FieldKind::Number => ("number", Some("any")),
        _ => ("text", None),
    };
    Question {
        name: &field.name,
        label: &field.label,
        help: field.help.as_deref(),
        required: field.required,
        choices: choices.map(Iterator::collect),
        many: matches!(field.kind, FieldKind::Any(_)),
        tick: field.kind == FieldKind::Truth,
        lines: field.kind == FieldKind::Lines,
        file: field.kind == FieldKind::File,
        html_type,
        step,
        value: answers.into_iter().next().unwrap_or_default(),
    }
}
