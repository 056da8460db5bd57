//! Executions that failed for good.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::api::dead_letter::{DeadLetterState, DeadLetterView};
use tidemill_common::ids::ExecutionId;
use tidemill_common::status::{ExecutionStatus, FailureClass};
use uuid::Uuid;

use crate::store::Error;
use crate::store::schema::dead_letters;

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
pub struct DeadLetter {
    /// The workspace.
    pub workspace_id: Uuid,
    /// The execution.
    pub execution_id: Uuid,
    /// The `id` of the workflow's file.
    pub workflow_id: String,
    /// The version that was executed.
    pub version: i32,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// `failed` or `dead_letter`.
    pub status: String,
    /// Stands for its cause.
    pub fingerprint: String,
    /// The error without what differs from one failure to the next.
    pub cause: String,
    /// The error's class.
    pub class: String,
    /// The step that failed.
    pub step: Option<String>,
    /// The error, in one line.
    pub error: String,
    /// Where it is in its life.
    pub state: String,
    /// When it was replayed or discarded.
    pub settled_at: Option<DateTime<Utc>>,
    /// By whom.
    pub settled_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The execution that tries again.
    pub replayed_as: Option<Uuid>,
}

impl DeadLetter {
    /// The dead letter as lists show it.
    pub fn view(self) -> Result<DeadLetterView, Error> {
        let unknown = |word: &str| Error::Corrupt(format!("a dead letter holds the unknown word `{word}`"));
        Ok(DeadLetterView {
            execution_id: ExecutionId(self.execution_id),
            status: ExecutionStatus::from_word(&self.status).ok_or_else(|| unknown(&self.status))?,
            class: FailureClass::from_word(&self.class).ok_or_else(|| unknown(&self.class))?,
            state: DeadLetterState::from_word(&self.state).ok_or_else(|| unknown(&self.state))?,
            workflow_id: self.workflow_id,
            version: self.version,
            at: self.at,
            fingerprint: self.fingerprint,
            cause: self.cause,
            step: self.step,
            error: self.error,
            settled_at: self.settled_at,
            settled_by: self.settled_by,
            reason: self.reason,
            replayed_as: self.replayed_as.map(ExecutionId),
        })
    }
}
