//! Trying an execution again: a new one, linked to the old one, which stays as it is.

use std::sync::Arc;

use serde_json::Value;
use tidemill_common::api::control::{ExecutionRetry, RetryFrom};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::event::{Event, EventBody, Json, TriggerOrigin};
use tidemill_common::ids::{ExecutionId, WorkflowUid, WorkspaceId};
use tidemill_common::status::ExecutionStatus;

use super::engine::{Retry, Start};
use super::error::Error;
use super::execution::{EVENTS, Executions};
use super::execution_detail::{Readable, origin};
use super::execution_payload::open_input;
use super::workflow_view::plan;
use crate::auth::{Caller, Operation};
use crate::domain::json::merge_patch;
use crate::domain::workflow::plan::Plan;
use crate::store::queries::{dead_letter, execution};
use crate::store::rows::execution::Execution;

/// An execution that is to be tried again, as far as a retry needs to know it.
pub(super) struct Tried {
    row: Execution,
    events: Vec<Event>,
    /// What is wrong with those that can't be read.
    unreadable: Vec<String>,
    plan: Option<Arc<Plan>>,
}

impl Executions {
    /// Starts a new execution that tries an ended one again. The same idempotency `key` of the same token starts one only.
    pub async fn retry(
        &self,
        caller: &Caller,
        id: ExecutionId,
        wanted: ExecutionRetry,
        key: Option<String>,
    ) -> Result<ExecutionView, Error> {
        self.permit(caller, Operation::ExecutionRetry, id).await?;
        let tried = self.tried(caller.workspace, id, wanted.version).await?;
        let dedupe = key.map(|key| (format!("idempotency:{}", caller.token), key));
        let start = Start { dedupe, ..tried.again(id, &wanted)? };
        self.write_down(caller, Operation::ExecutionRetry, "execution", id).await?;
        let started = self.engine.start(start).await?;
        let (workspace, again, by) = (caller.workspace, started.execution_id, caller.user_name.to_string());
        self.database
            .with_tenant(workspace, move |conn| {
                dead_letter::dead_letter_retried(conn, workspace, (id, again), &by, again.admitted_at())
            })
            .await?;
        self.row_view(workspace, again).await
    }

    pub(super) async fn tried(&self, workspace: WorkspaceId, id: ExecutionId, version: Option<i32>) -> Result<Tried, Error> {
        let plans = self.plans.clone();
        self.database
            .with_tenant(workspace, move |conn| {
                let row = execution::execution_get(conn, workspace, id)?;
                let rows = execution::event_list(conn, workspace, id, 0, EVENTS)?;
                let Readable { mut events, unreadable } = Readable::of(rows);
                open_input(conn, workspace, &mut events)?;
                let plan = plan(conn, workspace, &plans, WorkflowUid(row.workflow_uid), version.unwrap_or(row.version))?;
                Ok(Tried { row, events, unreadable, plan })
            })
            .await
            .map_err(Error::of("execution"))
    }
}

impl Tried {
    /// The start of the execution that tries this one again.
    pub(super) fn again(self, id: ExecutionId, wanted: &ExecutionRetry) -> Result<Start, Error> {
        let status = self.row.status()?;
        check(status, wanted)?;
        if let Some(why) = self.unreadable.first().filter(|_| wanted.from == RetryFrom::Failed) {
            return Err(Error::Conflict(format!(
                "the results of its steps can't be kept ({why}): retry it with `from: start`"
            )));
        }
        let origin = self.events.iter().find_map(|event| origin(&event.body));
        let origin = origin.ok_or_else(|| Error::Conflict("what came with the execution can't be read any more".to_owned()))?;
        let plan = self.plan.ok_or(Error::NotFound("workflow version"))?;
        let input = match (&wanted.input, &wanted.patch) {
            (None, None) => Arc::clone(&origin.input),
            (Some(body), None) => with_body(&origin.input, body),
            (None, Some(patch)) => {
                let body = origin.input.get("body").unwrap_or(&Value::Null);
                with_body(&origin.input, &merge_patch(body, patch))
            }
            (Some(_), Some(_)) => {
                return Err(Error::Invalid("send either `input`, which replaces, or `patch`, which changes".to_owned()));
            }
        };
        let body = input.get("body").unwrap_or(&Value::Null);
        let completed = plan.complete_input(body).map_err(Error::InputInvalid)?.map(|body| with_body(&input, &body));
        let input = completed.unwrap_or(input);
        let carried = if wanted.from == RetryFrom::Failed { results(&self.events) } else { Vec::new() };
        Ok(Start {
            workspace_id: WorkspaceId(self.row.workspace_id),
            workflow_uid: WorkflowUid(self.row.workflow_uid),
            version: wanted.version.unwrap_or(self.row.version),
            trigger: TriggerOrigin { kind: "retry".into(), id: origin.trigger.id.clone() },
            input,
            dedupe: None,
            retry: Some(Retry { of: id, carried }),
        })
    }
}

/// Whether an execution in this state can be tried again as wanted.
fn check(status: ExecutionStatus, wanted: &ExecutionRetry) -> Result<(), Error> {
    if !status.is_terminal() {
        return Err(Error::Conflict(format!(
            "the execution has not ended: it is {status}; cancel it first, or wait for its end"
        )));
    }
    if wanted.from == RetryFrom::Failed && status == ExecutionStatus::Succeeded {
        return Err(Error::Conflict("nothing failed in this execution: retry it with `from: start`".to_owned()));
    }
    if wanted.from == RetryFrom::Failed && wanted.version.is_some() {
        return Err(Error::Invalid(
            "`version` goes with `from: start`: kept outputs belong to the version that gave them".to_owned(),
        ));
    }
    Ok(())
}

/// The input with another body.
fn with_body(input: &Json, body: &Value) -> Json {
    let mut input = (**input).clone();
    match input.as_object_mut() {
        Some(fields) => drop(fields.insert("body".to_owned(), body.clone())),
        None => input = serde_json::json!({ "body": body }),
    }
    Arc::new(input)
}

/// The results of the steps that succeeded, before the failure was caught. A step with iterations is kept whole or not at all.
fn results(events: &[Event]) -> Vec<EventBody> {
    let before = events.iter().take_while(|event| !matches!(event.body, EventBody::FailureCaught { .. }));
    let result = |event: &&Event| matches!(event.body, EventBody::StepCompleted { iteration: None, .. });
    before.filter(result).map(|event| event.body.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ended_can_be_tried_again() {
        let failed = ExecutionRetry::default();
        let start = ExecutionRetry { from: RetryFrom::Start, version: Some(2), ..ExecutionRetry::default() };
        assert!(check(ExecutionStatus::Failed, &failed).is_ok() && check(ExecutionStatus::Succeeded, &start).is_ok());
        for status in [ExecutionStatus::Running, ExecutionStatus::Paused, ExecutionStatus::Queued] {
            assert!(matches!(check(status, &start), Err(Error::Conflict(_))), "{status}");
        }
        assert!(matches!(check(ExecutionStatus::Succeeded, &failed), Err(Error::Conflict(_))));
        let mixed = ExecutionRetry { version: Some(2), ..failed };
        assert!(matches!(check(ExecutionStatus::Failed, &mixed), Err(Error::Invalid(_))));
    }

    #[test]
    fn an_edited_body_leaves_the_rest_of_the_input() {
        let input = Arc::new(serde_json::json!({"method": "POST", "body": {"a": 1}}));
        assert_eq!(*with_body(&input, &Value::from(2)), serde_json::json!({"method": "POST", "body": 2}));
    }
}
