//! The columns of dead letters and their causes.

use chrono::{DateTime, Utc};
use tidemill_common::api::dead_letter::{DeadLetterCause, DeadLetterView};

use super::{Cell, Column, Row, execution_tone};

impl Row for DeadLetterCause {
    const KIND: &'static str = "cause";
    const COLUMNS: &'static [Column] = &[
        Column::new("FINGERPRINT"),
        Column::new("COUNT"),
        Column::wide("CLASS"),
        Column::wide("WORKFLOWS"),
        Column::new("CAUSE"),
        Column::new("NEWEST"),
    ];

    fn id(&self) -> String {
        self.fingerprint.clone()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(&self.fingerprint),
            Cell::text(self.count.to_string()),
            Cell::text(self.class.as_str()),
            Cell::text(self.workflows.join(",")),
            Cell::text(&self.cause),
            Cell::at(now, self.last_at),
        ]
    }
}

impl Row for DeadLetterView {
    const KIND: &'static str = "execution";
    const COLUMNS: &'static [Column] = &[
        Column::new("EXECUTION"),
        Column::wide("WORKFLOW"),
        Column::wide("STATUS"),
        Column::wide("FINGERPRINT"),
        Column::new("ERROR"),
        Column::wide("STATE"),
        Column::wide("REPLAYED-AS"),
        Column::wide("REASON"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.execution_id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        vec![
            Cell::text(self.execution_id.to_string()),
            Cell::text(&self.workflow_id),
            Cell::text(self.status.as_str()).tone(execution_tone(self.status)),
            Cell::text(&self.fingerprint),
            Cell::text(&self.error),
            Cell::text(self.state.as_str()),
            Cell::optional(self.replayed_as.map(|id| id.to_string())),
            Cell::optional(self.reason.as_deref()),
            Cell::at(now, self.at),
        ]
    }
}
