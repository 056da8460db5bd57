//! The columns of orders about many executions.

use chrono::{DateTime, Utc};
use tidemill_common::api::bulk::{BulkState, BulkView};

use super::{Cell, Column, Row, Tone};

impl Row for BulkView {
    const KIND: &'static str = "order";
    const COLUMNS: &'static [Column] = &[
        Column::new("ORDER"),
        Column::new("ACTION"),
        Column::new("STATE"),
        Column::new("DONE"),
        Column::new("SKIPPED"),
        Column::wide("BY"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let (state, tone) = match self.state {
            BulkState::DryRun => ("dry_run", Tone::Dim),
            BulkState::Running => ("running", Tone::Live),
            BulkState::Finished => ("finished", Tone::Good),
            BulkState::Stopped => ("stopped", Tone::Warn),
        };
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(self.action.as_str()),
            Cell::text(state).tone(tone),
            Cell::text(self.done.to_string()),
            Cell::text(self.skipped.to_string()),
            Cell::text(&self.by),
            Cell::at(now, self.created_at),
        ]
    }
}
