//! The `triggers` of a workflow.

use std::collections::HashMap;
use std::sync::Arc;

use tidemill_common::limits::WORKFLOW_TRIGGERS;

use super::{calls, conditions, forms, ids, schedules, webhooks};
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems, nearest, shorten};
use crate::domain::workflow::plan::{Trigger, TriggerKind};

/// The types of triggers.
const TYPES: [&str; 6] = ["webhook", "schedule", "condition", "event", "form", "call"];

/// Reads all triggers.
pub(super) fn triggers(list: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Vec<Trigger>> {
    let items = list.list(problems)?;
    if items.len() > WORKFLOW_TRIGGERS {
        let message = format!("a workflow may have {WORKFLOW_TRIGGERS} triggers; this one has {}", items.len());
        list.report(problems, Found::new("too_many", message));
        return None;
    }
    let mut seen: HashMap<Arc<str>, u32> = HashMap::new();
    let read: Vec<Option<Trigger>> = items.iter().map(|item| trigger(item, &mut seen, problems)).collect();
    webhooks::distinct_paths(&items, read.iter(), problems);
    read.into_iter().collect()
}

fn trigger(item: &Cursor<'_>, seen: &mut HashMap<Arc<str>, u32>, problems: &mut Problems<'_>) -> Option<Trigger> {
    let fields = item.fields(problems)?;
    let id = ids::id(&fields, problems);
    if let (Some(id), Some(field)) = (&id, fields.get("id"))
        && let Some(line) = seen.insert(id.clone(), field.place().line)
    {
        let message = format!("two triggers have the id `{id}`; the first is in line {line}");
        field.report(problems, Found::new("duplicate_id", message));
    }
    let kind = match kind(&fields, problems)? {
        "webhook" => webhooks::webhook(&fields, problems).map(TriggerKind::Webhook),
        "condition" => conditions::condition(&fields, problems).map(Box::new).map(TriggerKind::Condition),
        "form" => forms::form(&fields, problems).map(Box::new).map(TriggerKind::Form),
        "call" => calls::call(&fields, problems).map(TriggerKind::Call),
        "event" => conditions::event(&fields, problems).map(TriggerKind::Event),
        _ => schedules::schedule(item, &fields, problems).map(Box::new).map(TriggerKind::Schedule),
    };
    Some(Trigger { id: id?, kind: kind? })
}

fn kind(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<&'static str> {
    let field = fields.required(problems, "type")?;
    let text = field.text(problems)?;
    let known = TYPES.iter().find(|word| **word == text.value).copied();
    if known.is_none() {
        let word = shorten(&text.value);
        let found = match text.value.as_str() {
            "interval" | "cron" => Found::new("unknown_value", format!("there is no trigger type `{word}`"))
                .hint("write type: schedule with `cron` or `every`"),
            "manual" => {
                Found::new("unknown_value", "a workflow can be started by hand without a trigger").hint("remove this trigger")
            }
            _ => Found::new("unknown_value", format!("there is no trigger type `{word}`"))
                .hint(format!("this version has {}", TYPES.join(", ")))
                .meant(nearest(&text.value, TYPES)),
        };
        field.report(problems, found);
    }
    known
}
