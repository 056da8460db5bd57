//! Call triggers.

use std::sync::Arc;

use super::ids;
use crate::domain::workflow::document::{Cursor, Fields, Found, Problems};
use crate::domain::workflow::plan::CallTrigger;

/// The fields of a call trigger.
pub(super) const FIELDS: [&str; 3] = ["id", "type", "callers"];

/// Reads a call trigger.
pub(super) fn call(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<CallTrigger> {
    fields.expect(problems, &FIELDS, &[]);
    let callers = match fields.get("callers") {
        None => None,
        Some(field) => Some(callers(&field, problems)?),
    };
    Some(CallTrigger { callers })
}

fn callers(field: &Cursor<'_>, problems: &mut Problems<'_>) -> Option<Vec<Arc<str>>> {
    let items = field.list(problems)?;
    if items.is_empty() {
        let found = Found::new("missing_field", "`callers` names no workflow, so nobody could call");
        field.report(problems, found.hint("name a workflow, or leave `callers` out, so that every one may call"));
        return None;
    }
    let read: Vec<_> = items.iter().map(|item| ids::id_at(item, problems)).collect();
    read.into_iter().collect()
}
