//! What of this workspace is shared with somebody, beyond the roles.

use tidemill_common::api::share::{Permission, ShareView, Shareable};

use super::entry::{Cell, Column, Entry, Opens, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "shares",
    columns: &[
        Column::fixed("KIND", 10),
        Column::text("WHICH", 16, 2),
        Column::text("WITH", 16, 2),
        Column::fixed("MAY", 8),
        Column::number("SINCE", 6),
        Column::number("UNTIL", 7),
    ],
    empty: &["Nothing is shared beyond the roles of members.", "n shares a workflow, an execution or a credential."],
    hints: &[Action::New, Action::Remove, Action::Open, Action::TabRight, Action::Filter],
    scopes: &[Scope::Shares, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Editor,
    changes: Need::Editor,
};

/// The row of a share.
pub fn entry(share: &ShareView) -> Entry {
    let kind = match share.object_kind {
        Shareable::Workflow => "workflow",
        Shareable::Execution => "execution",
        Shareable::Credential => "credential",
    };
    let may = match share.permission {
        Permission::View => "view",
        Permission::Execute => "execute",
        Permission::Edit => "edit",
        Permission::Use => "use",
    };
    let with = match (&share.user_name, &share.workspace) {
        (Some(name), _) => name.clone(),
        (None, Some(workspace)) => format!("members of {workspace}"),
        (None, None) => share.user_id.map_or_else(String::new, |user| user.to_string()),
    };
    let entry = Entry::new(share.id.to_string(), "tidemill share ls", share)
        .cells([
            Cell::text(kind),
            Cell::text(&share.object_id),
            Cell::text(&with),
            Cell::text(may),
            Cell::past(Some(share.created_at)),
            Cell::next(share.expires_at),
        ])
        .fact("kind", kind)
        .fact("which", &share.object_id)
        .fact("with", with)
        .fact("may", may)
        .fact("id", share.id.to_string())
        .fact("since", moment(share.created_at))
        .fact("until", share.expires_at.map_or_else(|| "for ever".into(), moment));
    match (share.object_kind, share.object_id.parse()) {
        (Shareable::Workflow, _) => entry.opens(Opens::Workflow(share.object_id.clone())),
        (Shareable::Execution, Ok(id)) => entry.opens(Opens::Execution(id)),
        _ => entry,
    }
}
