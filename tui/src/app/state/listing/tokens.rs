//! The workspace's API tokens, without their secrets.

use tidemill_common::api::token::TokenView;

use super::entry::{Cell, Column, Entry, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "tokens",
    columns: &[
        Column::text("NAME", 20, 1),
        Column::fixed("ROLE", 7),
        Column::fixed("ENDS IN", 7),
        Column::number("MADE", 6),
        Column::number("USED", 6),
        Column::number("EXPIRES", 8),
    ],
    empty: &[
        "This workspace has no tokens that you may see.",
        "n makes one: for a program, with the role that it needs and a day on which it ends.",
    ],
    hints: &[Action::New, Action::Remove, Action::TabRight, Action::Sort, Action::Filter],
    scopes: &[Scope::Tokens, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Admin,
    changes: Need::Admin,
};

/// The row of a token.
pub fn entry(token: &TokenView) -> Entry {
    let role = serde_json::to_value(token.role).ok().and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default();
    let expires = token.expires_at.map_or(Value::None, Value::Next);
    Entry::new(token.id.to_string(), "tidemill token list", token)
        .cells([
            Cell::text(&token.name),
            Cell::text(&role),
            Cell::text(format!("…{}", token.last_four)).with(Token::Muted),
            Cell::past(Some(token.created_at)),
            Cell::past(token.last_used_at),
            Cell::new(expires),
        ])
        .fact("name", &token.name)
        .fact("id", token.id.to_string())
        .fact("role", role)
        .fact("ends in", &token.last_four)
        .fact("made", moment(token.created_at))
        .fact("used", token.last_used_at.map_or_else(|| "never".into(), moment))
        .fact("expires", token.expires_at.map_or_else(|| "never".into(), moment))
}
