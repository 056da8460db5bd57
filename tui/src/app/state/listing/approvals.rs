//! Steps that wait for somebody's approval.

use tidemill_common::api::approval::ApprovalView;

use super::entry::{Cell, Column, Entry, Opens, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "approvals",
    columns: &[
        Column::text("WORKFLOW", 14, 1),
        Column::fixed("ID", 8),
        Column::fixed("STEP", 12),
        Column::text("MESSAGE", 16, 3),
        Column::number("SINCE", 6),
        Column::number("UNTIL", 7).from(76),
    ],
    empty: &["Nothing waits for an approval.", "A step with `uses: approval` waits here until somebody says yes or no."],
    hints: &[Action::Open, Action::Approve, Action::Reject, Action::Filter],
    scopes: &[Scope::Approvals, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Viewer,
};

/// The row of an approval.
pub fn entry(approval: &ApprovalView) -> Entry {
    let id = approval.execution_id;
    let place = approval.iteration.map_or_else(|| approval.step.clone(), |number| format!("{}[{number}]", approval.step));
    let message = Cell::text(&approval.message);
    let mut entry = Entry::new(format!("{id} {place}"), format!("tidemill approve {id} --step {}", approval.step), approval)
        .cells([
            Cell::text(&approval.workflow_id),
            Cell::text(id.short()).with(Token::Muted),
            Cell::text(&place),
            if approval.may_decide { message } else { message.with(Token::Muted) },
            Cell::past(Some(approval.since)),
            Cell::new(approval.until.map_or(Value::None, Value::Next)),
        ])
        .fact("workflow", &approval.workflow_id)
        .fact("execution", id.to_string())
        .fact("step", place)
        .marked("message", &approval.message, Token::Wait)
        .fact("since", moment(approval.since))
        .fact("until", approval.until.map_or_else(|| "for ever".into(), moment))
        .opens(Opens::Execution(id));
    if !approval.members.is_empty() {
        entry = entry.fact("members", approval.members.join(", "));
    }
    if !approval.may_decide {
        entry = entry.marked("", "you may not decide this: it needs another role or member", Token::Warn);
    }
    entry
}
