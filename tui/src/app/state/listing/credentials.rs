//! The workspace's credentials: what they prove and where they go, never their secrets.

use tidemill_common::api::credential::CredentialView;

use super::entry::{Cell, Column, Entry, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "credentials",
    columns: &[
        Column::text("NAME", 14, 1),
        Column::fixed("TYPE", 8),
        Column::text("GOES TO", 20, 3),
        Column::text("AS", 14, 1).from(90),
        Column::fixed("RATE", 10).from(110),
        Column::number("CHANGED", 8),
    ],
    empty: &[
        "This workspace has no credentials yet.",
        "n keeps one: a secret that is sent to the hosts that you name and nowhere else. Steps name it as `credential`.",
    ],
    hints: &[Action::New, Action::Edit, Action::Remove, Action::TabRight, Action::Filter],
    scopes: &[Scope::Credentials, Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Editor,
    changes: Need::Editor,
};

/// The row of a credential.
pub fn entry(credential: &CredentialView) -> Entry {
    let hosts = credential.hosts.join(", ");
    let how = match (&credential.username, &credential.header, &credential.query, &credential.client_id) {
        (Some(user), ..) => format!("user {user}"),
        (_, Some(header), ..) => format!("header {header}"),
        (_, _, Some(query), _) => format!("?{query}="),
        (_, _, _, Some(client)) => format!("client {client}"),
        _ => String::new(),
    };
    let rate = credential.rate_limit.map(|limit| format!("{} in {} s", limit.requests, limit.seconds));
    Entry::new(&credential.name, format!("tidemill credential get {}", credential.name), credential)
        .cells([
            Cell::text(&credential.name),
            Cell::text(credential.kind.as_str()),
            Cell::text(&hosts),
            Cell::text(&how).with(Token::Muted),
            Cell::some(rate.as_ref()),
            Cell::past(Some(credential.updated_at)),
        ])
        .fact("name", &credential.name)
        .fact("type", credential.kind.as_str())
        .fact("goes to", hosts)
        .known("user", credential.username.as_ref())
        .known("header", credential.header.as_ref())
        .known("query", credential.query.as_ref())
        .known("tokens of", credential.token_url.as_ref())
        .known("client", credential.client_id.as_ref())
        .known("scope", credential.scope.as_ref())
        .known("rate", rate)
        .fact("changed", moment(credential.updated_at))
        .marked("", "its secret is encrypted and never shown; e puts another one", Token::Muted)
}
