//! The triggers of all workflows, and when schedules fire next.

use tidemill_common::api::trigger::TriggerView;
use tidemill_common::api::workflow::WorkflowView;

use super::entry::{Cell, Column, Entry, Opens, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "triggers",
    columns: &[
        Column::fixed("STATE", 8),
        Column::text("WORKFLOW", 14, 1),
        Column::fixed("TRIGGER", 12),
        Column::fixed("TYPE", 9),
        Column::text("WHEN OR WHERE", 16, 2),
        Column::number("NEXT", 8),
    ],
    empty: &[
        "No workflow has a trigger: executions start by hand only.",
        "Add `triggers:` to a workflow file: a webhook, a schedule. docs/workflow-file.md lists their fields.",
    ],
    hints: &[Action::Open, Action::Explain, Action::Sort, Action::Filter],
    scopes: &[Scope::Triggers, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Editor,
};

/// The rows of a workflow's triggers.
pub fn entries(workflow: &WorkflowView) -> Vec<Entry> {
    workflow.triggers.iter().map(|trigger| entry(workflow, trigger)).collect()
}

fn entry(workflow: &WorkflowView, trigger: &TriggerView) -> Entry {
    let active = workflow.active_version.is_some();
    let zone = trigger.timezone.as_deref().unwrap_or("UTC");
    let place = match (&trigger.cron, &trigger.path, &trigger.every, &trigger.at) {
        (Some(cron), ..) => format!("{cron} ({zone})"),
        (_, Some(path), ..) => path.clone(),
        (_, _, Some(every), _) => format!("every {every}"),
        (_, _, _, Some(at)) => format!("once at {at}"),
        _ => String::new(),
    };
    let state = if active { Cell::text("live").with(Token::Ok) } else { Cell::text("off").with(Token::Muted) };
    let command = format!("tidemill describe workflow {}", workflow.id);
    let mut entry = Entry::new(format!("{}/{}", workflow.id, trigger.id), command, trigger)
        .cells([
            state,
            Cell::text(&workflow.id),
            Cell::text(&trigger.id),
            Cell::text(&trigger.kind),
            Cell::text(&place).with(Token::Muted),
            Cell::new(trigger.next_at.map_or(Value::None, Value::Next)),
        ])
        .fact("workflow", &workflow.id)
        .fact("trigger", &trigger.id)
        .fact("type", &trigger.kind)
        .opens(Opens::Workflow(workflow.id.clone()));
    entry = match &trigger.path {
        Some(path) => entry.address("path", path),
        None => entry.fact("when", place),
    };
    if let Some(at) = trigger.last_at {
        entry = entry.fact("last", moment(at));
    }
    if let Some(at) = trigger.next_at {
        entry = entry.fact("next", moment(at));
    }
    if !active {
        entry = entry.marked("", "the workflow is not active: its triggers start nothing (enter, then A)", Token::Warn);
    }
    entry
}
