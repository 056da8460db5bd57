//! Who may do what in the workspace.

use tidemill_common::api::member::{MemberView, UserKind};
use tidemill_common::api::workspace::Role;

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::{self, Need};
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "members",
    columns: &[
        Column::text("NAME", 16, 2),
        Column::fixed("ROLE", 7),
        Column::fixed("KIND", 8),
        Column::text("E-MAIL", 18, 2),
        Column::number("SINCE", 6),
        Column::number("UNTIL", 7),
    ],
    empty: &["Nobody is a member of this workspace.", "n adds an account of the organization; invites bring others in."],
    hints: &[Action::New, Action::Edit, Action::Remove, Action::TabRight, Action::Filter],
    scopes: &[Scope::Members, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Admin,
};

/// The row of a member.
pub fn entry(member: &MemberView) -> Entry {
    let kind = match member.kind {
        UserKind::Person => "person",
        UserKind::Service => "service",
    };
    let role = access::word(member.role);
    let token = match member.role {
        Role::Admin => Token::Warn,
        Role::Guest => Token::Muted,
        _ => Token::Head,
    };
    Entry::new(member.user_id.to_string(), "tidemill member ls", member)
        .cells([
            Cell::text(&member.name),
            Cell::text(role).with(token),
            Cell::text(kind).with(Token::Muted),
            Cell::some(member.email.as_ref()),
            Cell::past(Some(member.created_at)),
            Cell::next(member.expires_at),
        ])
        .fact("name", &member.name)
        .known("e-mail", member.email.as_ref())
        .fact("id", member.user_id.to_string())
        .fact("kind", if member.kind == UserKind::Service { "a service account: tokens and no password" } else { kind })
        .marked("role", format!("{role}: {}", access::about(member.role)), token)
        .fact("since", moment(member.created_at))
        .fact("until", member.expires_at.map_or_else(|| "for ever".into(), moment))
}
