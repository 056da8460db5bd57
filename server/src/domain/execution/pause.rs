//! An operator pauses the execution, and lets it go on.
//!
//! While it is paused, attempts that are under way end and are recorded; nothing begins, no timer fires, and it does not end
//! by itself.

use chrono::{DateTime, Utc};
use tidemill_common::event::EventBody;
use tidemill_common::status::StepStatus;

use super::execution::Execution;

impl Execution {
    pub(super) fn pause(&mut self, reason: Option<String>, by: String, now: DateTime<Utc>) {
        if self.state.paused.is_none() {
            self.record(EventBody::ExecutionPaused { reason, by }, now);
        }
    }

    pub(super) fn unpause(&mut self, reason: Option<String>, by: String, now: DateTime<Utc>) {
        if self.state.paused.is_none() {
            return;
        }
        self.record(EventBody::ExecutionResumed { reason, by }, now);
        // Who has just got it says when it is to be taken up.
        if !self.taken_up {
            return;
        }
        let begins = |step: &usize| {
            let step = &self.state.steps[*step];
            step.status == StepStatus::Pending && step.unmet == 0
        };
        self.ready = (0..self.state.steps.len()).filter(begins).collect();
        self.wake_due(now);
    }
}
