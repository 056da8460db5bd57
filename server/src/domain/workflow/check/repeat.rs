//! The `for_each` and `while` of a step.

use std::time::Duration;

use tidemill_common::limits::{STEP_ITERATIONS, STEP_ITERATIONS_AT_ONCE, WAIT_SECONDS};

use super::expressions::{Context, Turn};
use super::ids;
use super::retry::given;
use crate::domain::workflow::document::{Content, Cursor, Fields, Found, Problems};
use crate::domain::workflow::expression::Template;
use crate::domain::workflow::plan::{ForEach, OnError, Repeat, While};

/// The fields of `for_each`.
pub(super) const FOR_EACH_FIELDS: [&str; 3] = ["items", "concurrency", "on_error"];
/// The fields of `while`.
pub(super) const WHILE_FIELDS: [&str; 3] = ["condition", "max_iterations", "interval"];
/// The turns that `while` takes at most when the file doesn't say.
const TURNS: u32 = 100;

/// Reads `for_each` or `while`; the inner `None` is a step without either. Afterwards the step's own expressions see the names
/// that belong to it.
#[expect(clippy::option_option, reason = "the outer one says whether the file is right, as everywhere in this room")]
pub(super) fn repeat(fields: &Fields<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Option<Repeat>> {
    match (fields.get("for_each"), fields.get("while")) {
        (None, None) => Some(None),
        (Some(field), None) => {
            let each = for_each(&field, context, problems);
            context.turn = Some(Turn::Item);
            each.map(|each| Some(Repeat::ForEach(each)))
        }
        (None, Some(field)) => {
            context.turn = Some(Turn::Last);
            while_(&field, context, problems).map(|turns| Some(Repeat::While(turns)))
        }
        (Some(_), Some(field)) => {
            let found = Found::new("conflict", "a step has `for_each` or `while`, not both");
            field.report(problems, found.hint("put one of them into a workflow of its own, or into the next step"));
            None
        }
    }
}

fn for_each(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<ForEach> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &FOR_EACH_FIELDS, &[]);
    let items = fields.required(problems, "items").and_then(|field| items(&field, context, problems));
    let concurrency = given(&fields, "concurrency", 1, |field| field.integer(problems, 1, STEP_ITERATIONS_AT_ONCE));
    let on_error = given(&fields, "on_error", "fail", |field| field.word(problems, &["fail", "continue"]));
    let on_error = if on_error? == "continue" { OnError::Continue } else { OnError::Fail };
    Some(ForEach { items: items?, concurrency: concurrency?, on_error })
}

/// A list, or an expression that gives one.
fn items(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Template> {
    let most = usize::try_from(STEP_ITERATIONS).unwrap_or(usize::MAX);
    match &field.node.content {
        Content::List(items) if items.len() > most => {
            let message = format!("a step may have {most} items; these are {}", items.len());
            field.report(problems, Found::new("too_many", message));
            None
        }
        Content::List(_) => context.template(field, problems),
        Content::Text(text) if text.value.contains("{{") => context.template(field, problems),
        _ => {
            let message =
                format!("{} must be a list, or an expression that gives one; this is {}", field.path, field.node.kind());
            field.report(problems, Found::new("wrong_type", message).hint("write \"{{ inputs.lines }}\" or [a, b]"));
            None
        }
    }
}

fn while_(field: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<While> {
    let fields = field.fields(problems)?;
    fields.expect(problems, &WHILE_FIELDS, &[]);
    let condition = fields.required(problems, "condition").and_then(|field| context.bare(&field, problems));
    let max_iterations = given(&fields, "max_iterations", TURNS, |field| field.integer(problems, 1, STEP_ITERATIONS));
    let longest = Duration::from_secs(WAIT_SECONDS);
    let interval = given(&fields, "interval", Duration::ZERO, |field| ids::duration(field, problems, Duration::ZERO, longest));
    Some(While { condition: condition?, max_iterations: max_iterations?, interval: interval? })
}
