//! An operator pauses the execution, and lets it go on.
//!
//! While it is paused, attempts that are under way end and are recorded; nothing begins, no timer fires, answers wait, and it
//! does not end by itself.

use chrono::{DateTime, Utc};
use tidemill_common::event::EventBody;

use super::machine::Execution;

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
        self.ready = self.state.active_steps().filter(|step| self.state.steps[*step].is_ready()).collect();
        self.answer(now);
        self.wake_due(now);
    }
}
