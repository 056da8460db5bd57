//! What comes for executions that wait for something outside.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tidemill_common::awaited::AwaitedKind;
use tidemill_common::ids::{ExecutionId, NodeId, WorkspaceId};

use super::{Holder, Queue, Request, Wish};
use crate::domain::execution::Answer;
use crate::journal::Lease;
use crate::store::Error;
use crate::store::queries::step_wait::{self as query, HeldRow, PlaceKey};

/// The place that an answer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTo {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: String,
    /// Its iteration.
    pub iteration: Option<u32>,
    /// What it waits for.
    pub kind: AwaitedKind,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It is durable; this is who must hear of it.
    Kept(Holder),
    /// The execution has ended, or there is none.
    Ended,
    /// Nothing waits there, or it has its answer.
    NotWaiting,
}

/// An answer and the place that it is for.
#[derive(Debug)]
pub struct Found {
    /// The step.
    pub step: String,
    /// Its iteration.
    pub iteration: Option<u32>,
    /// What came.
    pub answer: Answer,
}

/// An execution that was called and exists.
#[derive(Debug)]
pub struct Child {
    /// Its id.
    pub id: ExecutionId,
    /// How it ended, if it did.
    pub end: Option<Answer>,
}

impl Queue {
    /// Keeps `answer` for a place that waits; one for a step that waits for an event may come before the step begins.
    pub async fn post(&self, to: AnswerTo, answer: &Answer, now: DateTime<Utc>) -> Result<Posted, Error> {
        let place = PlaceKey {
            workspace: to.workspace_id.0,
            execution: to.execution_id.0,
            step: to.step,
            iteration: query::iteration_column(to.iteration),
            kind: to.kind.as_str(),
        };
        let answer = serde_json::to_value(answer).map_err(|error| Error::Corrupt(error.to_string()))?;
        let holder = self
            .database
            .engine(move |connection| {
                let Some(row) = query::wake(connection, place.workspace, place.execution, now)? else { return Ok(None) };
                let kept = query::answer(connection, &place, &answer)?
                    || (to.kind == AwaitedKind::Event && query::answer_early(connection, &place, &answer, now)?);
                Ok(Some((row, kept)))
            })
            .await?;
        Ok(match holder {
            None => Posted::Ended,
            Some((_, false)) => Posted::NotWaiting,
            Some((row, true)) => Posted::Kept(self.holder(row.lease_node)),
        })
    }

    /// The answers that came for an execution of this node.
    pub async fn answers(&self, lease: Lease) -> Result<Vec<Found>, Error> {
        let (node, workspace, holding) = (self.node.0, lease.workspace_id.0, (lease.execution_id.0, lease.epoch));
        let rows = self.database.engine(move |connection| Ok(query::read(connection, node, workspace, holding)?)).await?;
        let found = |row: query::AnswerRow| {
            let answer = serde_json::from_value(row.answer).map_err(|error| Error::Corrupt(error.to_string()))?;
            Ok(Found { step: row.step, iteration: query::iteration_of(row.iteration), answer })
        };
        rows.into_iter().map(found).collect()
    }

    /// Those of `ids` that were started.
    pub async fn children(&self, workspace: WorkspaceId, ids: Vec<ExecutionId>) -> Result<Vec<Child>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
        let rows = self.database.engine(move |connection| Ok(query::children(connection, workspace.0, &ids)?)).await?;
        let child = |row: query::ChildRow| {
            let id = ExecutionId(row.id);
            Ok(Child { id, end: row.end.map(|end| ended(id, &end)).transpose()? })
        };
        rows.into_iter().map(child).collect()
    }

    /// Finds what fell by the wayside: executions whose called execution has ended without their hearing of it, and called
    /// executions that nobody waits for any more. Returns who must hear what.
    pub async fn sweep_calls(&self, now: DateTime<Utc>) -> Result<Vec<(ExecutionId, Holder, Request)>, Error> {
        let cancel = Request {
            wish: Wish::Cancel,
            reason: Some("the execution that called it has ended, or no longer waits for it".to_owned()),
            by: "tidemill".to_owned(),
        };
        let noted = cancel.to_json();
        let (woken, cancelled) = self
            .database
            .engine(move |connection| {
                if !query::any_called(connection)? {
                    return Ok((Vec::new(), Vec::new()));
                }
                let found = (query::wake_forgotten(connection, now)?, query::cancel_abandoned(connection, &noted, now)?);
                query::forget_abandoned(connection, now)?;
                Ok(found)
            })
            .await?;
        let told = |request: Request| {
            move |row: HeldRow| (ExecutionId(row.execution_id), self.holder(row.lease_node), request.clone())
        };
        Ok(woken.into_iter().map(told(Request::look())).chain(cancelled.into_iter().map(told(cancel))).collect())
    }

    pub(super) fn holder(&self, node: Option<uuid::Uuid>) -> Holder {
        match node {
            None => Holder::Nobody,
            Some(node) if NodeId(node) == self.node => Holder::Here,
            Some(_) => Holder::Elsewhere,
        }
    }
}

/// The end of `child`, from the data of its last event.
fn ended(child: ExecutionId, end: &Value) -> Result<Answer, Error> {
    let mut fields = end.as_object().cloned().unwrap_or_default();
    fields.insert("child".to_owned(), json!(child));
    serde_json::from_value(json!({ "ended": fields })).map_err(|error| Error::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use tidemill_common::event::{EventBody, StepError};
    use tidemill_common::status::{ExecutionStatus, FailureClass};

    use super::*;

    #[test]
    fn the_end_of_an_execution_is_an_answer() {
        let child = ExecutionId(uuid::Uuid::from_u128(7));
        let error = Some(StepError::new(FailureClass::Timeout, "late"));
        let body = EventBody::ExecutionCompleted { status: ExecutionStatus::Failed, output: None, error: error.clone() };
        let data = serde_json::to_value(&body).unwrap()["data"].take();
        let expected = Answer::Ended { child, status: ExecutionStatus::Failed, output: None, error };
        assert_eq!(ended(child, &data).unwrap(), expected);
    }
}
