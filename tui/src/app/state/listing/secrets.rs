//! The workspace's secrets: names and times, never values.

use tidemill_common::api::secret::SecretView;

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "secrets",
    columns: &[
        Column::text("NAME", 20, 2),
        Column::text("AS EXPRESSIONS READ IT", 24, 3).from(70),
        Column::number("CHANGED", 8),
    ],
    empty: &[
        "This workspace has no secrets yet.",
        "n keeps one; expressions read it as {{ secrets.NAME }}. Its value is never shown again.",
    ],
    hints: &[Action::New, Action::Edit, Action::Remove, Action::TabRight, Action::Filter],
    scopes: &[Scope::Secrets, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Editor,
    changes: Need::Editor,
};

/// The row of a secret.
pub fn entry(secret: &SecretView) -> Entry {
    let expression = format!("{{{{ secrets.{} }}}}", secret.name);
    Entry::new(&secret.name, "tidemill secret list", secret)
        .cells([Cell::text(&secret.name), Cell::text(&expression).with(Token::Muted), Cell::past(Some(secret.updated_at))])
        .fact("name", &secret.name)
        .fact("changed", moment(secret.updated_at))
        .fact("use", expression)
        .marked("", "its value is encrypted and never shown; e puts another one", Token::Muted)
}
