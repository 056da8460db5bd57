//! Where the account is signed in.

use tidemill_common::api::session::SessionView;

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "sessions",
    columns: &[
        Column::text("WHERE", 20, 2),
        Column::fixed("STATE", 7),
        Column::text("ADDRESS", 16, 1),
        Column::number("BEGAN", 6),
        Column::number("USED", 6),
        Column::number("EXPIRES", 8),
    ],
    empty: &[
        "You are signed in nowhere: this is a token that was made by hand.",
        "`tidemill login` makes sessions; tokens are at 0.",
    ],
    hints: &[Action::Remove, Action::TabLeft, Action::Sort],
    scopes: &[Scope::Sessions, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    changes: Need::Account,
};

/// The row of a session.
pub fn entry(session: &SessionView) -> Entry {
    let (state, token) = if session.current { ("this", Token::Ok) } else { ("other", Token::Muted) };
    Entry::new(session.id.to_string(), "tidemill user sessions", session)
        .cells([
            Cell::text(&session.name),
            Cell::text(state).with(token),
            Cell::some(session.address.as_ref()),
            Cell::past(Some(session.created_at)),
            Cell::past(Some(session.last_used_at)),
            Cell::next(Some(session.expires_at)),
        ])
        .fact("where", &session.name)
        .fact("id", session.id.to_string())
        .known("address", session.address.as_ref())
        .fact("began", moment(session.created_at))
        .fact("used", moment(session.last_used_at))
        .fact("expires", moment(session.expires_at))
        .marked(
            "",
            if session.current {
                "this is the session that you look through: D ends it and this program"
            } else {
                "D ends it at once"
            },
            token,
        )
}
