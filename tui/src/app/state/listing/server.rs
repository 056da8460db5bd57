//! What the server says about itself: version, database, sandbox.

use tidemill_common::api::health::SandboxView;

use super::entry::{Cell, Column, Entry};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::data::ServerFacts;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "server",
    columns: &[Column::fixed("PART", 10), Column::fixed("STATE", 12), Column::text("WHAT", 30, 1)],
    empty: &["The server said nothing about itself."],
    hints: &[Action::TabRight, Action::Filter],
    scopes: &[Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Account,
    changes: Need::Admin,
};

/// One row per part.
pub fn entries(facts: &ServerFacts) -> Vec<Entry> {
    let mut rows = vec![part("server", &facts.health.status, Token::Ok, &format!("Tidemill {}", facts.health.version), facts)];
    rows.push(match &facts.ready {
        Ok(ready) => {
            let what = format!("PostgreSQL {}, schema {}", ready.postgres, ready.schema);
            part("database", &ready.status, Token::Ok, &what, facts)
        }
        Err(failure) => part("database", "not ready", Token::Err, &failure.message, facts),
    });
    rows.push(match &facts.health.sandbox {
        Some(view) => sandbox(view, facts),
        None => part(
            "sandbox",
            "unknown",
            Token::Warn,
            "the step host has not started: `tidemill doctor` on the server says why",
            facts,
        ),
    });
    rows
}

fn sandbox(view: &SandboxView, facts: &ServerFacts) -> Entry {
    let level = view.level.as_str();
    let (state, token) = if view.available { ("available", Token::Ok) } else { ("refused", Token::Err) };
    let minimum = view.minimum.as_str();
    let what = if view.available {
        format!("code steps run locked up at level {level}; this server asks for at least {minimum}")
    } else {
        format!("code steps are refused: the sandbox reaches {level}, and {minimum} is asked for")
    };
    part("sandbox", state, token, &what, facts)
}

fn part(name: &str, state: &str, token: Token, what: &str, facts: &ServerFacts) -> Entry {
    Entry::new(name, "tidemill api GET /healthz", &facts.health)
        .cells([Cell::text(name), Cell::text(state).with(token), Cell::text(what)])
        .fact("part", name)
        .marked("state", state, token)
        .fact("what", what)
        .marked("", "`tidemill doctor` on the server tells more", Token::Muted)
}
