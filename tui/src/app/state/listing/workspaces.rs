//! The account's workspaces.

use tidemill_common::api::workspace::WorkspaceView;

use super::entry::{Cell, Column, Entry, Opens, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::{self, Need};
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "workspaces",
    columns: &[
        Column::fixed("STATE", 8),
        Column::text("WORKSPACE", 16, 1),
        Column::text("NAME", 16, 2),
        Column::fixed("ROLE", 7),
        Column::number("GONE IN", 7),
        Column::number("MADE", 6),
    ],
    empty: &["You are a member of no workspace.", "Somebody who administers one can invite you."],
    hints: &[Action::Open, Action::New, Action::Edit, Action::Switch, Action::Remove, Action::Leave, Action::TabLeft],
    scopes: &[Scope::Workspaces, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    // Each row has a role of its own: the server decides.
    changes: Need::Account,
};

/// The row of a workspace.
pub fn entry(workspace: &WorkspaceView) -> Entry {
    let (state, token) = match (workspace.delete_after, workspace.archived_at) {
        (Some(_), _) => ("deleted", Token::Err),
        (None, Some(_)) => ("archived", Token::Warn),
        (None, None) => ("open", Token::Ok),
    };
    let role = access::word(workspace.role);
    let deleted = workspace.delete_after.map(|at| format!("{}: A restores it until then", moment(at)));
    Entry::new(&workspace.slug, "tidemill workspace ls", workspace)
        .cells([
            Cell::text(state).with(token),
            Cell::text(&workspace.slug),
            Cell::text(&workspace.name).with(Token::Muted),
            Cell::text(role),
            Cell::next(workspace.delete_after),
            Cell::past(Some(workspace.created_at)),
        ])
        .fact("workspace", &workspace.slug)
        .fact("name", &workspace.name)
        .fact("id", workspace.id.to_string())
        .fact("your role", format!("{role}: {}", access::about(workspace.role)))
        .marked("state", state, token)
        .known("archived", workspace.archived_at.map(|at| format!("{}: read only; A brings it back", moment(at))))
        .known("goes at", deleted)
        .fact("made", moment(workspace.created_at))
        .marked("", "enter goes there, if your token reaches it", Token::Muted)
        .opens(Opens::Workspace(workspace.slug.clone()))
}
