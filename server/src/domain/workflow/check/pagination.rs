//! The `pagination` of an `http.request` step.

use super::expressions::Context;
use super::retry::given;
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems};
use crate::domain::workflow::expression::Expression;
use crate::domain::workflow::http::{NextPage, Pagination};

/// The fields of `pagination`.
pub(super) const FIELDS: [&str; 8] = ["type", "next", "parameter", "start", "size", "size_parameter", "items", "max_pages"];
/// The words of `type`.
const TYPES: [&str; 5] = ["link", "next_url", "cursor", "page", "offset"];
/// How many pages are read when the file doesn't say.
const USUAL_PAGES: u32 = 10;
/// How many pages may be read.
const MOST_PAGES: u32 = 100;

/// Reads it.
pub(super) fn pagination(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Pagination> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    let kind = fields.required(problems, "type")?.word(problems, &TYPES)?;
    let meaningful: &[&str] = match kind {
        "link" => &[],
        "next_url" => &["next"],
        "cursor" => &["next", "parameter"],
        _ => &["parameter", "start", "size", "size_parameter"],
    };
    for (key, value) in fields.iter() {
        if FIELDS.contains(&key) && !["type", "items", "max_pages"].contains(&key) && !meaningful.contains(&key) {
            let found = Found::new("conflict", format!("`{key}` has no meaning for pages of the type {kind}"));
            value.report(problems, found.hint("remove it"));
        }
    }
    let max_pages = given(&fields, "max_pages", USUAL_PAGES, |field| field.integer(problems, 1, MOST_PAGES));
    let items = given(&fields, "items", None, |field| context.of_answer(field, problems).map(Some));
    let next = match kind {
        "link" => Some(NextPage::Link),
        "next_url" => next(&fields, context, problems).map(NextPage::Url),
        "cursor" => {
            let parameter = parameter(&fields, "parameter", "cursor", problems);
            next(&fields, context, problems).and_then(|cursor| Some(NextPage::Cursor { parameter: parameter?, cursor }))
        }
        _ => count(&fields, kind, problems),
    };
    Some(Pagination { next: next?, items: items?, max_pages: max_pages? })
}

fn next(fields: &Fields<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Expression> {
    let field = fields.required(problems, "next")?;
    context.of_answer(&field, problems)
}

fn count(fields: &Fields<'_>, kind: &'static str, problems: &mut Problems<'_>) -> Option<NextPage> {
    let by_items = kind == "offset";
    let parameter = parameter(fields, "parameter", kind, problems);
    let start = given(fields, "start", u32::from(!by_items), |field| field.integer(problems, 0, 1_000_000));
    let size = given(fields, "size", None, |field| field.integer(problems, 1, 10_000).map(Some));
    let size_parameter = match fields.get("size_parameter") {
        Some(field) if fields.get("size").is_none() => {
            let found = Found::new("missing_field", "`size_parameter` sends the `size`, and there is none");
            field.report(problems, found.hint("add `size`: how many items a page has"));
            None
        }
        Some(_) => parameter_name(fields, "size_parameter", problems).map(Some),
        None => Some(None),
    };
    Some(NextPage::Count { parameter: parameter?, start: start?, by_items, size: size?, size_parameter: size_parameter? })
}

fn parameter(fields: &Fields<'_>, key: &str, absent: &str, problems: &mut Problems<'_>) -> Option<String> {
    if fields.get(key).is_none() { Some(absent.to_owned()) } else { parameter_name(fields, key, problems) }
}

fn parameter_name(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<String> {
    let field = fields.get(key)?;
    let text = field.text(problems)?;
    if !text.value.is_empty() && text.value.len() <= 100 && !text.value.contains("{{") {
        return Some(text.value.clone());
    }
    let found = Found::new("out_of_range", format!("{} must be the name of a query parameter", field.path));
    field.report(problems, found.hint("1 to 100 characters, without an expression"));
    None
}
