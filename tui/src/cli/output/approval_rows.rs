//! The columns of approvals that are waited for.

use chrono::{DateTime, Utc};
use tidemill_common::api::approval::ApprovalView;
use tidemill_common::awaited::{Awaited, AwaitedKind};

use super::{Cell, Column, Row, Tone};

impl Row for ApprovalView {
    const KIND: &'static str = "execution";
    const COLUMNS: &'static [Column] = &[
        Column::new("EXECUTION"),
        Column::new("WORKFLOW"),
        Column::new("STEP"),
        Column::new("MESSAGE"),
        Column::wide("BY"),
        Column::new("YOURS"),
        Column::wide("UNTIL"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.execution_id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let step = self.iteration.map_or_else(|| self.step.clone(), |number| format!("{}[{number}]", self.step));
        let by = Awaited { role: self.role, members: Some(self.members.clone()), ..Awaited::new(AwaitedKind::Approval) };
        vec![
            Cell::text(self.execution_id.to_string()),
            Cell::text(&self.workflow_id),
            Cell::text(step),
            Cell::text(&self.message),
            Cell::text(by.approvers()),
            Cell::text(if self.may_decide { "yes" } else { "no" }).tone(if self.may_decide { Tone::Live } else { Tone::Dim }),
            Cell::optional(self.until.map(super::row::rfc3339)),
            Cell::at(now, self.since),
        ]
    }
}
