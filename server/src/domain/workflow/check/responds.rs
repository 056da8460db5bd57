//! The `with` of a `respond` step: what a webhook's sender is answered.

use super::expressions::Context;
use super::http::is_dynamic;
use crate::domain::workflow::document::{Content, Cursor, Found, Problems};
use crate::domain::workflow::plan::Work;

/// The fields of the `with`.
pub(super) const FIELDS: [&str; 5] = ["status", "headers", "body", "json", "redirect"];

/// Reads the `with`. The step itself only renders it; who waits for the answer makes one of it.
pub(super) fn respond(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &FIELDS, &[]);
    if let Some(field) = fields.get("status").filter(|field| !is_dynamic(field)) {
        field.integer(problems, 200, 599);
    }
    if let Some(field) = fields.get("headers").filter(|field| !is_dynamic(field)) {
        for (_, value) in field.fields(problems)?.iter() {
            if matches!(value.node.content, Content::Map(_) | Content::List(_)) {
                value.text(problems);
            }
        }
    }
    for key in ["body", "redirect"] {
        if let Some(field) = fields.get(key) {
            field.text(problems);
        }
    }
    let given: Vec<_> = ["body", "json", "redirect"].into_iter().filter_map(|key| fields.get(key)).collect();
    for extra in given.iter().skip(1) {
        extra.report(problems, Found::new("conflict", "an answer has one of body, json and redirect").hint("keep one of them"));
    }
    context.template(with, problems).map(Work::Transform)
}
