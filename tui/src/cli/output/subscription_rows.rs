//! The columns of subscriptions and of what they were told.

use chrono::{DateTime, Utc};
use tidemill_common::api::subscription::{SubscriptionDeliveryState, SubscriptionDeliveryView, SubscriptionView};

use super::paint::Tone;
use super::{Cell, Column, Row};

impl Row for SubscriptionView {
    const KIND: &'static str = "subscription";
    const COLUMNS: &'static [Column] = &[
        Column::new("NAME"),
        Column::new("URL"),
        Column::new("EVENTS"),
        Column::wide("WORKFLOW"),
        Column::new("STATE"),
        Column::wide("FAILING"),
        Column::wide("ID"),
        Column::wide("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let state = match &self.disabled_reason {
            None => Cell::text("enabled").tone(Tone::Good),
            Some(reason) => Cell::text(format!("disabled: {reason}")).tone(Tone::Bad),
        };
        vec![
            Cell::text(&self.name),
            Cell::text(&self.url),
            Cell::text(self.events.join(",")),
            Cell::optional(self.workflow.as_deref()),
            state,
            self.failing_since.map_or_else(|| Cell::optional(None::<String>), |since| Cell::at(now, since)),
            Cell::text(self.id.to_string()),
            Cell::at(now, self.created_at),
        ]
    }
}

impl Row for SubscriptionDeliveryView {
    const KIND: &'static str = "delivery";
    const COLUMNS: &'static [Column] = &[
        Column::new("ID"),
        Column::new("EVENT"),
        Column::new("STATE"),
        Column::new("ATTEMPTS"),
        Column::new("STATUS"),
        Column::wide("MS"),
        Column::wide("NEXT"),
        Column::new("ERROR"),
        Column::new("AGE"),
    ];

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell> {
        let tone = match self.state {
            SubscriptionDeliveryState::Delivered => Tone::Good,
            SubscriptionDeliveryState::Waiting => Tone::Plain,
            SubscriptionDeliveryState::Failed => Tone::Bad,
        };
        vec![
            Cell::text(self.id.to_string()),
            Cell::text(&self.event),
            Cell::text(self.state.as_str()).tone(tone),
            Cell::text(self.attempts.to_string()),
            Cell::optional(self.status.map(|status| status.to_string())),
            Cell::optional(self.duration_ms.map(|duration| duration.to_string())),
            Cell::optional(self.next_at.map(super::rfc3339)),
            Cell::optional(self.error.as_deref()),
            Cell::at(now, self.created_at),
        ]
    }
}
