//! The server processes on the server's database: who works, who stops, who is lost.

use tidemill_common::api::node::{NodeList, NodeState, ServerNode};

use super::entry::{Cell, Column, Entry, Line, Value, moment};
use super::subject::Spec;
use crate::app::action::Action;
use crate::app::keymap::Scope;
use crate::app::state::access::Need;
use crate::app::state::look::Token;

/// The listing.
pub const SPEC: Spec = Spec {
    noun: "nodes",
    columns: &[
        Column::text("NAME", 12, 2),
        Column::fixed("STATE", 8),
        Column::text("ROLES", 22, 1).from(84),
        Column::number("HOLDS", 6),
        Column::number("FREE", 6),
        Column::text("LOAD", 10, 1),
        Column::fixed("VERSION", 8),
        Column::number("HEARD", 6),
        Column::number("UP", 5),
    ],
    empty: &["No node is known.", "A server that runs writes itself down within seconds: ^r reads again."],
    hints: &[Action::TabRight, Action::Sort, Action::Filter, Action::YankJson],
    scopes: &[Scope::Tabs, Scope::List, Scope::Root, Scope::Global],
    reads: Need::Viewer,
    changes: Need::Organization,
};

/// The row of a node.
pub fn entry(node: &ServerNode) -> Entry {
    let token = match node.state {
        NodeState::Alive => Token::Ok,
        NodeState::Draining => Token::Warn,
        NodeState::Lost => Token::Err,
    };
    let means = match node.state {
        NodeState::Alive => "it works",
        NodeState::Draining => "it is stopping: what it holds ends, it takes nothing new",
        NodeState::Lost => "it is not heard of any more: other nodes take over what it held",
    };
    let room = i64::from(node.running) + i64::from(node.free);
    let load = if room > 0 { f64::from(node.running) / (f64::from(node.running) + f64::from(node.free)) } else { 0.0 };
    Entry::new(node.id.to_string(), "tidemill get nodes -o wide", node)
        .cells([
            Cell::text(&node.name),
            Cell::text(node.state.as_str()).with(token),
            Cell::text(node.roles.join(",")),
            Cell::new(Value::Count(i64::from(node.running))),
            Cell::new(Value::Count(i64::from(node.free))),
            Cell::new(Value::Bar(load)).with(if load >= 0.9 { Token::Warn } else { Token::Ok }),
            Cell::text(&node.version).with(Token::Muted),
            Cell::past(Some(node.heartbeat_at)),
            Cell::past(Some(node.started_at)),
        ])
        .fact("name", &node.name)
        .fact("id", node.id.to_string())
        .marked("state", format!("{}: {means}", node.state.as_str()), token)
        .fact("roles", node.roles.join(", "))
        .fact("holds", format!("{} of {room} executions", node.running))
        .fact("version", &node.version)
        .fact("heard", moment(node.heartbeat_at))
        .fact("started", moment(node.started_at))
}

/// How many work, stop and are lost.
pub fn banner(list: &NodeList) -> Vec<Line> {
    let (token, words) = summary(list);
    vec![(token, words)]
}

/// How the nodes are, in a few words.
pub fn summary(list: &NodeList) -> Line {
    let count = |state| list.items.iter().filter(|node| node.state == state).count();
    let (alive, draining, lost) = (count(NodeState::Alive), count(NodeState::Draining), count(NodeState::Lost));
    let nodes = format!("{alive} node{}", if alive == 1 { "" } else { "s" });
    let others = [(draining, "draining"), (lost, "lost")].into_iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, what)| format!("{count} {what}"));
    let words = std::iter::once(nodes).chain(others).collect::<Vec<_>>().join(", ");
    let token = match (lost, draining) {
        (0, 0) => Token::Ok,
        (0, _) => Token::Warn,
        _ => Token::Err,
    };
    (token, words)
}
