//! The organizations of the server: all of them for those who run it, for everybody else their own.

use tidemill_common::api::organization::OrganizationView;

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "organizations",
    columns: &[
        Column::text("NAME", 20, 2),
        Column::fixed("KIND", 16),
        Column::fixed("ID", 36).from(110),
        Column::number("MADE", 6),
    ],
    empty: &["There is no organization that you may see.", "n makes one; that is for those who run the server."],
    hints: &[Action::New, Action::Edit, Action::Open, Action::Filter, Action::Sort],
    scopes: &[Scope::Organizations, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    // Who runs the server is known to the server alone: it decides.
    changes: Need::Account,
};

/// The row of an organization.
pub fn entry(organization: &OrganizationView) -> Entry {
    let (kind, about, token) = if organization.operator {
        ("runs the server", "its admins run the server: organizations, plans, invoices of all", Token::Warn)
    } else {
        ("customer", "it has workspaces, users and a plan of its own", Token::Muted)
    };
    Entry::new(organization.id.to_string(), "tidemill org ls", organization)
        .cells([
            Cell::text(&organization.name),
            Cell::text(kind).with(token),
            Cell::text(organization.id.to_string()).with(Token::Muted),
            Cell::past(Some(organization.created_at)),
        ])
        .fact("name", &organization.name)
        .fact("id", organization.id.to_string())
        .marked("kind", about, token)
        .fact("made", moment(organization.created_at))
        .marked("", "e puts it on a plan; for those who run the server", Token::Muted)
}
