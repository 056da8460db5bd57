//! The open invites of the workspace, without their links.

use tidemill_common::api::member::InviteView;

use super::entry::{Cell, Column, Entry, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::{self, Need};
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "invites",
    columns: &[
        Column::text("FOR", 20, 1),
        Column::fixed("ROLE", 7),
        Column::number("USES LEFT", 9),
        Column::number("MADE", 6),
        Column::number("LINK ENDS", 9),
        Column::number("MEMBER ENDS", 11),
    ],
    empty: &["No invite is open.", "n makes a link that brings people in: with a role, an end, and how often it can be used."],
    hints: &[Action::New, Action::Remove, Action::TabRight, Action::Filter],
    scopes: &[Scope::Invites, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Admin,
    changes: Need::Admin,
};

/// The row of an invite.
pub fn entry(invite: &InviteView) -> Entry {
    let role = access::word(invite.role);
    let whom = invite.email.clone().unwrap_or_else(|| "anybody with the link".into());
    let entry = Entry::new(invite.id.to_string(), "tidemill invite ls", invite)
        .cells([
            Cell::text(&whom),
            Cell::text(role),
            Cell::new(Value::Count(i64::from(invite.uses_left))),
            Cell::past(Some(invite.created_at)),
            Cell::next(Some(invite.expires_at)),
            Cell::next(invite.member_expires_at),
        ])
        .fact("for", whom)
        .fact("id", invite.id.to_string())
        .fact("role", format!("{role}: {}", access::about(invite.role)))
        .fact("uses left", invite.uses_left.to_string())
        .fact("made", moment(invite.created_at))
        .fact("by", invite.created_by.to_string())
        .fact("link ends", moment(invite.expires_at))
        .known("member", invite.member_expires_at.map(|at| format!("until {}", moment(at))));
    if invite.organization_admin {
        return entry.marked("", "who accepts it administers the organization too", Token::Warn);
    }
    entry
}
