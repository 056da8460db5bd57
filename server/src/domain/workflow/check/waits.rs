//! The `with` of `wait`, `fail` and `transform` steps.

use std::time::Duration;

use chrono::DateTime;
use tidemill_common::limits::WAIT_SECONDS;

use super::expressions::Context;
use super::ids;
use crate::domain::workflow::document::{Content, Cursor, Found, Problems, shorten};
use crate::domain::workflow::plan::{EventWait, WaitFor, Work};

/// Longest name of an event, in characters.
const LONGEST_EVENT: usize = 200;

/// Whether the `with` of a wait names an event.
pub(super) fn awaits_event(with: &Cursor<'_>) -> bool {
    matches!(&with.node.content, Content::Map(entries) if entries.iter().any(|entry| entry.key == "event"))
}

/// `wait`: exactly one of `duration`, `until` and `event`.
pub(super) fn wait(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    if awaits_event(with) {
        return event(with, problems);
    }
    fields.expect(problems, &["duration", "until", "event"], &[]);
    match (fields.get("duration"), fields.get("until")) {
        (Some(duration), None) => {
            if is_plain_text(&duration, problems)? {
                ids::duration(&duration, problems, Duration::ZERO, Duration::from_secs(WAIT_SECONDS))?;
            }
            context.template(&duration, problems).map(|template| Work::Wait(WaitFor::Duration(template)))
        }
        (None, Some(until)) => {
            if is_plain_text(&until, problems)? {
                instant(&until, problems)?;
            }
            context.template(&until, problems).map(|template| Work::Wait(WaitFor::Until(template)))
        }
        (None, None) => {
            with.report(problems, Found::new("missing_field", format!("{} needs `duration`, `until` or `event`", with.path)));
            None
        }
        (Some(_), Some(until)) => {
            until.report(
                problems,
                Found::new("conflict", "a wait has `duration` or `until`, not both").hint("keep one of them"),
            );
            None
        }
    }
}

/// `wait` with `event`: what is waited for, in words, and what happens when nothing comes.
fn event(with: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    for time in ["duration", "until"] {
        if let Some(field) = fields.get(time) {
            let found = Found::new("conflict", format!("a wait has `event` or `{time}`, not both"));
            field.report(problems, found.hint("the step's `timeout` says how long the event is waited for"));
            return None;
        }
    }
    fields.expect(problems, &["event", "on_timeout"], &[]);
    let on_timeout = fields.get("on_timeout").map_or(Some("fail"), |field| field.word(problems, &["fail", "continue"]));
    let event = fields.required(problems, "event")?;
    let name = event.text(problems)?.value.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_EVENT || name.contains("{{") {
        let message = format!("`event` says in words what is waited for, in at most {LONGEST_EVENT} characters");
        event.report(problems, Found::new("out_of_range", message).hint("write, for example, payment received"));
        return None;
    }
    Some(Work::Wait(WaitFor::Event(EventWait { event: name, goes_on: on_timeout? == "continue" })))
}

/// Whether `field` is a text without expressions; an error when it is no text.
fn is_plain_text(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<bool> {
    let text = field.text(problems)?;
    Some(!text.value.contains("{{") && !text.value.contains("{%"))
}

fn instant(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<()> {
    let text = field.text(problems)?;
    if DateTime::parse_from_rfc3339(&text.value).is_ok() {
        return Some(());
    }
    let found = Found::new("invalid_time", format!("`{}` is not a time", shorten(&text.value)));
    field.report(problems, found.hint("write RFC 3339, as in 2026-01-31T12:00:00Z"));
    None
}

/// `fail`: a message.
pub(super) fn fail(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    let fields = with.fields(problems)?;
    fields.expect(problems, &["message"], &[]);
    let message = fields.required(problems, "message")?;
    message.text(problems)?;
    context.template(&message, problems).map(Work::Fail)
}

/// `transform`: anything.
pub(super) fn transform(with: &Cursor<'_>, context: &mut Context<'_>, problems: &mut Problems<'_>) -> Option<Work> {
    if matches!(with.node.content, Content::Text(_) | Content::List(_) | Content::Map(_)) {
        return context.template(with, problems).map(Work::Transform);
    }
    let message = format!("{} must be an object, a list or an expression; this is {}", with.path, with.node.kind());
    with.report(problems, Found::new("wrong_type", message));
    None
}
