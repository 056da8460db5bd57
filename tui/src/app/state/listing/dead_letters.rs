//! Dead letters: first their causes, then the executions with one cause.

use tidemill_common::api::dead_letter::{DeadLetterCause, DeadLetterState, DeadLetterView};

use super::entry::{Cell, Column, Entry, Opens, Value, moment};
use super::subject::{Spec, Subject};
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The causes.
pub const CAUSES: Spec = Spec {
    noun: "dead letters",
    columns: &[
        Column::number("COUNT", 6),
        Column::text("CAUSE", 20, 3),
        Column::text("WORKFLOWS", 14, 1),
        Column::fixed("CLASS", 14).from(110),
        Column::number("FIRST", 6).from(90),
        Column::number("NEWEST", 6),
    ],
    empty: &[
        "No dead letters: nothing failed for good.",
        "What fails for good comes here, grouped by cause, to be replayed or discarded.",
    ],
    hints: &[Action::Open, Action::Replay, Action::Discard, Action::Filter, Action::Sort],
    scopes: &[Scope::DeadLetters, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Editor,
};

/// The executions with one cause.
pub const LETTERS: Spec = Spec {
    noun: "dead letters",
    columns: &[
        Column::text("WORKFLOW", 14, 1),
        Column::fixed("ID", 8),
        Column::fixed("STEP", 14),
        Column::text("ERROR", 16, 3),
        Column::number("FAILED", 6),
    ],
    empty: &["No open dead letter has this cause any more.", "Esc goes back to the causes."],
    hints: &[Action::Open, Action::Mark, Action::Replay, Action::Discard, Action::Filter],
    scopes: &[Scope::DeadLetters, Scope::List, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Editor,
};

/// The row of a cause.
pub fn cause(cause: &DeadLetterCause) -> Entry {
    let workflows = cause.workflows.join(", ");
    Entry::new(&cause.fingerprint, format!("tidemill dlq show {}", cause.fingerprint), cause)
        .cells([
            Cell::new(Value::Count(cause.count)).with(Token::Err),
            Cell::text(&cause.cause),
            Cell::text(&workflows),
            Cell::text(cause.class.as_str()).with(Token::Muted),
            Cell::past(Some(cause.first_at)),
            Cell::past(Some(cause.last_at)),
        ])
        .marked("cause", &cause.cause, Token::Err)
        .fact("class", cause.class.as_str())
        .fact("count", cause.count.to_string())
        .fact("workflows", workflows)
        .fact("first", moment(cause.first_at))
        .fact("newest", moment(cause.last_at))
        .fact("key", &cause.fingerprint)
        .marked("", "enter lists them, r replays: a canary first, the rest when it succeeds", Token::Muted)
        .opens(Opens::Listing(Subject::DeadLetters(cause.fingerprint.clone())))
}

/// The row of an execution.
pub fn letter(letter: &DeadLetterView) -> Entry {
    let id = letter.execution_id;
    let mut entry = Entry::new(id.to_string(), format!("tidemill describe execution {id}"), letter)
        .cells([
            Cell::text(&letter.workflow_id),
            Cell::text(id.short()).with(Token::Muted),
            Cell::text(letter.step.as_deref().unwrap_or("-")),
            Cell::text(&letter.error).with(Token::Err),
            Cell::past(Some(letter.at)),
        ])
        .fact("workflow", format!("{}, version {}", letter.workflow_id, letter.version))
        .fact("id", id.to_string())
        .fact("step", letter.step.as_deref().unwrap_or("none"))
        .fact("failed", moment(letter.at))
        .marked("error", &letter.error, Token::Err)
        .opens(Opens::Execution(id));
    if letter.state != DeadLetterState::Open {
        entry = entry.marked("state", letter.state.as_str(), Token::Warn);
    }
    if let Some(reason) = &letter.reason {
        entry = entry.marked("reason", reason, Token::Warn);
    }
    entry
}
