//! The users of the organization, whatever workspaces they are members of.

use tidemill_common::api::member::UserKind;
use tidemill_common::api::organization::{OrganizationRole, UserView};

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "users",
    columns: &[
        Column::text("NAME", 16, 2),
        Column::fixed("ROLE", 7),
        Column::fixed("KIND", 8),
        Column::text("E-MAIL", 18, 2),
        Column::fixed("2ND FACTOR", 10),
        Column::number("MADE", 6),
    ],
    empty: &["The organization has no users.", "Invites bring them in: gi."],
    hints: &[Action::Edit, Action::PasswordLink, Action::Remove, Action::TabLeft, Action::Filter],
    scopes: &[Scope::Users, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Organization,
    changes: Need::Organization,
};

/// The word for a role in the organization.
pub fn role(role: OrganizationRole) -> &'static str {
    match role {
        OrganizationRole::Admin => "admin",
        OrganizationRole::Member => "member",
    }
}

/// The row of a user.
pub fn entry(user: &UserView) -> Entry {
    let (kind, about) = match user.kind {
        UserKind::Person => ("person", "a person"),
        UserKind::Service => ("service", "a service account: tokens and no password"),
    };
    let (role, may, token) = match user.role {
        OrganizationRole::Admin => (role(user.role), "workspaces, users, plan, the whole audit log", Token::Warn),
        OrganizationRole::Member => (role(user.role), "what the roles in the workspaces say", Token::Head),
    };
    let factor = match (user.kind, user.second_factor) {
        (UserKind::Service, _) => Cell::text("-").with(Token::Muted),
        (_, true) => Cell::text("on").with(Token::Ok),
        (_, false) => Cell::text("off").with(Token::Warn),
    };
    Entry::new(user.id.to_string(), "tidemill org users", user)
        .cells([
            Cell::text(&user.name),
            Cell::text(role).with(token),
            Cell::text(kind).with(Token::Muted),
            Cell::some(user.email.as_ref()),
            factor,
            Cell::past(Some(user.created_at)),
        ])
        .fact("name", &user.name)
        .known("e-mail", user.email.as_ref())
        .fact("id", user.id.to_string())
        .fact("kind", about)
        .marked("role", format!("{role}: {may}"), token)
        .fact("second factor", if user.second_factor { "on" } else { "off" })
        .fact("made", moment(user.created_at))
}
