//! What people decide about steps that wait for them: approvals, and steps whose node was lost.

use serde_json::{Value, json};
use tidemill_common::api::approval::{ApprovalDecision, ApprovalList, ApprovalView, StepDecision, StepOutcome};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::awaited::{Awaited, AwaitedKind, Verdict};
use tidemill_common::ids::ExecutionId;
use tidemill_common::limits::PAGE_ITEMS;

use super::access::authorize;
use super::engine::{Answer, AnswerTo, Decided, EngineError};
use super::error::Error;
use super::execution::Executions;
use super::execution_control::check_reason;
use crate::auth::{Caller, Operation, policy};
use crate::domain::workflow::InputSchema;
use crate::store;
use crate::store::queries::step_wait::{self, WaitRow};
use crate::store::queries::{account, execution};

/// Most places of one execution that wait for people at once, as far as a decision looks.
const PLACES: i64 = 10_000;

/// A step, or its iteration, as a request names it.
#[derive(Debug, Clone, Default)]
struct Named {
    step: Option<String>,
    iteration: Option<u32>,
}

impl Executions {
    /// The approvals that the workspace waits for, the oldest first.
    pub async fn approvals(&self, caller: &Caller) -> Result<ApprovalList, Error> {
        authorize(caller, Operation::ApprovalList)?;
        let (workspace, user) = (caller.workspace, caller.user);
        let (rows, email) = self
            .database
            .with_tenant(workspace, move |conn| {
                let most = i64::try_from(PAGE_ITEMS).unwrap_or(i64::MAX);
                let rows = step_wait::waiting(conn, workspace.0, AwaitedKind::Approval.as_str(), None, most)?;
                Ok((rows, account::user(conn, user.0)?.email))
            })
            .await?;
        let items = rows.into_iter().map(|row| view(row, caller, email.as_deref())).collect::<Result<_, _>>()?;
        Ok(ApprovalList { items })
    }

    /// Approves or rejects what a step waits for.
    pub async fn decide_approval(
        &self,
        caller: &Caller,
        id: ExecutionId,
        (operation, verdict): (Operation, Verdict),
        wanted: ApprovalDecision,
    ) -> Result<ExecutionView, Error> {
        authorize(caller, operation)?;
        check_reason(wanted.comment.as_deref())?;
        let named = Named { step: wanted.step, iteration: wanted.iteration };
        let (row, email) = self.waits(caller, id, AwaitedKind::Approval, named).await?;
        let awaited = awaited(&row)?;
        if !may_decide(caller, email.as_deref(), &awaited) {
            let who = awaited.approvers();
            return Err(Error::NotAnApprover(format!("step `{}` may be approved and rejected by {who} only", row.step)));
        }
        let answer = match (verdict, &awaited.form) {
            (Verdict::Approve, Some(form)) => Some(filled(form, wanted.answer)?),
            _ => wanted.answer,
        };
        let decided = Decided { verdict, by: caller.user_name.to_string(), comment: wanted.comment, answer };
        self.write_down(caller, operation, "execution", id).await?;
        self.answer(caller, row, AwaitedKind::Approval, decided).await
    }

    /// Decides what becomes of a step whose node was lost.
    pub async fn decide_step(&self, caller: &Caller, id: ExecutionId, wanted: StepDecision) -> Result<ExecutionView, Error> {
        authorize(caller, Operation::ExecutionDecide)?;
        check_reason(wanted.reason.as_deref())?;
        let verdict = match wanted.outcome {
            StepOutcome::Retry => Verdict::Retry,
            StepOutcome::Succeed => Verdict::Succeed,
            StepOutcome::Fail => Verdict::Fail,
        };
        if wanted.output.is_some() && verdict != Verdict::Succeed {
            return Err(Error::Invalid("`output` goes with the outcome `succeed`".to_owned()));
        }
        let named = Named { step: wanted.step, iteration: wanted.iteration };
        let (row, _) = self.waits(caller, id, AwaitedKind::Decision, named).await?;
        let decided = Decided { verdict, by: caller.user_name.to_string(), comment: wanted.reason, answer: wanted.output };
        self.write_down(caller, Operation::ExecutionDecide, "execution", id).await?;
        self.answer(caller, row, AwaitedKind::Decision, decided).await
    }

    /// The one place of the execution that waits for `kind` and is `named`, and the caller's e-mail address.
    async fn waits(
        &self,
        caller: &Caller,
        id: ExecutionId,
        kind: AwaitedKind,
        named: Named,
    ) -> Result<(WaitRow, Option<String>), Error> {
        let (workspace, user) = (caller.workspace, caller.user);
        let (rows, email) = self
            .database
            .with_tenant(workspace, move |conn| {
                execution::execution_get(conn, workspace, id)?;
                let rows = step_wait::waiting(conn, workspace.0, kind.as_str(), Some(id.0), PLACES)?;
                Ok((rows, account::user(conn, user.0)?.email))
            })
            .await
            .map_err(Error::of("execution"))?;
        Ok((one(rows, kind, &named)?, email))
    }

    async fn answer(&self, caller: &Caller, row: WaitRow, kind: AwaitedKind, decided: Decided) -> Result<ExecutionView, Error> {
        let (workspace_id, execution_id) = (caller.workspace, ExecutionId(row.execution_id));
        let iteration = step_wait::iteration_of(row.iteration);
        let to = AnswerTo { workspace_id, execution_id, step: row.step, iteration, kind };
        match self.engine.answer(to, Answer::Decided(decided)).await {
            Ok(()) => self.row_view(workspace_id, execution_id).await,
            Err(error @ (EngineError::Ended | EngineError::Answered)) => Err(Error::Conflict(error.to_string())),
            Err(error) => Err(error.into()),
        }
    }
}

fn one(rows: Vec<WaitRow>, kind: AwaitedKind, named: &Named) -> Result<WaitRow, Error> {
    let what = if kind == AwaitedKind::Approval { "an approval" } else { "a decision" };
    let fits = |row: &WaitRow| {
        named.step.as_ref().is_none_or(|step| *step == row.step)
            && named.iteration.is_none_or(|number| step_wait::iteration_of(row.iteration) == Some(number))
    };
    let mut fitting: Vec<_> = rows.into_iter().filter(fits).collect();
    match (fitting.pop(), fitting.is_empty()) {
        (None, _) => Err(Error::Conflict(format!("no such step of the execution waits for {what} (any more)"))),
        (Some(row), true) => Ok(row),
        (Some(last), false) => {
            let names: Vec<_> = fitting.iter().chain([&last]).take(10).map(place).collect();
            let count = fitting.len() + 1;
            Err(Error::Conflict(format!(
                "{count} places wait for {what}; name one with `step` and `iteration`: {}",
                names.join(", ")
            )))
        }
    }
}

fn place(row: &WaitRow) -> String {
    step_wait::iteration_of(row.iteration).map_or_else(|| row.step.clone(), |number| format!("{}[{number}]", row.step))
}

fn awaited(row: &WaitRow) -> Result<Awaited, store::Error> {
    serde_json::from_value(row.awaited.clone()).map_err(|error| store::Error::Corrupt(error.to_string()))
}

/// Whether the file of the workflow says that the caller may decide: by role, or by name.
fn may_decide(caller: &Caller, email: Option<&str>, awaited: &Awaited) -> bool {
    let id = caller.user.to_string();
    let is_named = |name: &String| {
        [&*caller.user_name, &id].contains(&name.as_str()) || email.is_some_and(|email| email.eq_ignore_ascii_case(name))
    };
    awaited.role.is_some_and(|least| policy::covers(caller.role, least)) || awaited.members.iter().flatten().any(is_named)
}

/// The answer, which must fit the form.
fn filled(form: &Value, answer: Option<Value>) -> Result<Value, Error> {
    let answer = answer.unwrap_or_else(|| json!({}));
    let schema = InputSchema::new(form.clone()).map_err(Error::Internal)?;
    schema.check(&answer).map_err(Error::InputInvalid)?;
    Ok(answer)
}

fn view(row: WaitRow, caller: &Caller, email: Option<&str>) -> Result<ApprovalView, Error> {
    let awaited = awaited(&row)?;
    Ok(ApprovalView {
        execution_id: ExecutionId(row.execution_id),
        workflow_id: row.workflow_id,
        iteration: step_wait::iteration_of(row.iteration),
        may_decide: may_decide(caller, email, &awaited),
        step: row.step,
        message: awaited.message.unwrap_or_default(),
        role: awaited.role,
        members: awaited.members.unwrap_or_default(),
        form: awaited.form,
        since: row.since,
        until: row.until,
    })
}
