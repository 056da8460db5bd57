//! The columns of nodes.

use chrono::{DateTime, Utc};
use tidemill_common::api::node::{NodeState, ServerNode};

use super::{Cell, Column, Row, Tone};

impl Row for ServerNode {
    const KIND: &'static str = "node";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("NAME"),
        Column::new("STATE"),
        Column::new("ROLES"),
        Column::new("RUNNING"),
        Column::new("FREE"),
        Column::wide("VERSION"),
        Column::new("HEARD"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let tone = match self.state {
            NodeState::Alive => Tone::Good,
            NodeState::Draining => Tone::Warn,
            NodeState::Lost => Tone::Bad,
        };
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(&self.name),
            Cell::text(self.state.as_str()).tone(tone),
            Cell::text(self.roles.join(",")),
            Cell::text(self.running.to_string()),
            Cell::text(self.free.to_string()),
            Cell::text(&self.version),
            Cell::at(now, self.heartbeat_at),
            Cell::at(now, self.started_at),
        ]
    }
}
