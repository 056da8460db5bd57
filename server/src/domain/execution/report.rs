//! Telling another workflow of a failure: `on_failure`.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;
use tidemill_common::event::{EventBody, Json, StepError};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::ExecutionStatus;

use super::machine::{Action, Execution};
use super::state::State;

/// What started an execution that is told of a quota: no plan counts it.
pub const QUOTA_TRIGGER: &str = "quota";

/// The trigger of an execution that was started by a failure. Its own failure is told to nobody, so that two workflows can't
/// tell each other for ever.
pub const FAILURE_TRIGGER: &str = "failure";

/// A failure that another workflow is to be told of. However often it is told, it starts one execution.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureReport {
    /// The `id` of that workflow's file.
    pub workflow_id: Arc<str>,
    /// What its expressions see as `trigger`.
    pub input: Json,
}

impl State {
    /// Whom to tell that the execution fails with `error`, if anybody.
    #[must_use]
    pub fn failure_report(&self, error: &StepError) -> Option<FailureReport> {
        let origin = self.origin.as_ref().filter(|origin| &*origin.trigger.kind != FAILURE_TRIGGER)?;
        let workflow_id = Arc::clone(self.plan().on_failure.as_ref()?);
        let started_at = self.id.admitted_at().to_rfc3339_opts(SecondsFormat::Millis, true);
        let body = json!({
            "workflow": {"id": origin.workflow_id, "version": origin.version},
            "execution": {"id": self.id, "started_at": started_at},
            "error": error,
        });
        Some(FailureReport { workflow_id, input: Arc::new(json!({ "body": body })) })
    }
}

impl Execution {
    /// All of `catch` has happened: the failure is told, then the execution ends.
    pub(super) fn end_caught(&mut self, error: StepError, now: DateTime<Utc>) {
        if self.reporting {
            return;
        }
        let Some(report) = self.state.failure_report(&error) else {
            return self.end_with(ExecutionStatus::Failed, error, now);
        };
        self.stop_attempts();
        self.reporting = true;
        self.actions.push(Action::Report(report));
    }

    /// The other workflow was told, or can't be.
    pub(super) fn reported(&mut self, outcome: Result<ExecutionId, String>, now: DateTime<Utc>) {
        let (Some(caught), Some(workflow_id)) = (self.state.caught.clone(), self.plan().on_failure.clone()) else { return };
        let (execution_id, error) = outcome.map_or_else(|error| (None, Some(error)), |id| (Some(id), None));
        self.record(EventBody::FailureReported { workflow_id, execution_id, error }, now);
        self.end_with(ExecutionStatus::Failed, caught.error, now);
    }
}
