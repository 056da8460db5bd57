//! What operators want of executions that have not ended: to cancel, to pause, to resume.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tidemill_common::ids::{ExecutionId, WorkspaceId};

use super::Queue;
use crate::journal::Lease;
use crate::store::Error;
use crate::store::queries::{control as query, step_wait};

/// Something that is wanted of an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub wish: Wish,
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub by: String,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That it ends.
    Cancel,
    /// That it fails: it was refused when it arrived.
    Fail,
    /// That nothing new begins.
    Pause,
    /// That it goes on.
    Resume,
    /// That it looks for answers: something came that it waits for.
    Look,
}

/// Where a request must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Nobody: whoever claims the execution next will see the request.
    Nobody,
    /// This node.
    Here,
    /// Another node, which looks for requests with each heartbeat.
    Elsewhere,
}

impl Queue {
    /// Notes a request. `None` when there is no such execution in the workspace or it has ended.
    pub async fn request(
        &self,
        workspace_id: WorkspaceId,
        execution_id: ExecutionId,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Option<Holder>, Error> {
        let (wish, noted) = (request.wish, request.to_json());
        let holder = self
            .database
            .engine(move |connection| {
                let (workspace, id) = (workspace_id.0, execution_id.0);
                Ok(match wish {
                    Wish::Cancel | Wish::Fail => query::request_cancel(connection, workspace, id, &noted, now)?,
                    Wish::Pause | Wish::Resume => query::request_pause(connection, workspace, id, &noted, now)?,
                    Wish::Look => step_wait::wake(connection, workspace, id, now)?.map(|row| row.lease_node),
                })
            })
            .await?;
        Ok(holder.map(|node| self.holder(node)))
    }

    /// Gives back the lease of an execution that has nothing to do until `until`.
    pub async fn rest(&self, lease: Lease, until: DateTime<Utc>, paused: bool) -> Result<(), Error> {
        let (node, holding) = (self.node.0, (lease.execution_id.0, lease.epoch));
        self.database.engine(move |connection| Ok(query::rest(connection, node, holding, until, paused).map(drop)?)).await
    }

    /// Takes the lease of an execution from whoever holds it. `None` when there is no such execution or it has ended.
    pub async fn seize(&self, workspace_id: WorkspaceId, execution_id: ExecutionId) -> Result<Option<Lease>, Error> {
        let node = self.node.0;
        let epoch =
            self.database.engine(move |connection| Ok(query::seize(connection, node, workspace_id.0, execution_id.0)?)).await?;
        Ok(epoch.map(|epoch| Lease { execution_id, workspace_id, epoch }))
    }

    /// How far an execution that this node holds has come, and who called it.
    pub async fn tail(&self, lease: Lease) -> Result<Tail, Error> {
        let (workspace, id) = (lease.workspace_id.0, lease.execution_id.0);
        let row = self.database.engine(move |connection| Ok(query::tail(connection, workspace, id)?)).await?;
        Ok(Tail { seq: row.seq, parent_id: row.parent_id.map(ExecutionId) })
    }
}

/// How far an execution has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// The `seq` of its newest event.
    pub seq: i32,
    /// The execution whose step called it.
    pub parent_id: Option<ExecutionId>,
}

impl Request {
    /// Tells whoever holds an execution to look for answers.
    #[must_use]
    pub fn look() -> Self {
        Self { wish: Wish::Look, reason: None, by: String::new() }
    }

    pub(super) fn to_json(&self) -> Value {
        match self.wish {
            Wish::Cancel => json!({"reason": self.reason, "by": self.by}),
            Wish::Fail => json!({"reason": self.reason, "by": self.by, "fail": true}),
            wish => json!({"on": wish == Wish::Pause, "reason": self.reason, "by": self.by}),
        }
    }

    /// The requests that two columns of the queue hold, in the order in which they take effect.
    pub(super) fn from_columns(cancel: Option<&Value>, pause: Option<&Value>) -> Vec<Self> {
        let text = |request: &Value, key: &str| request.get(key).and_then(Value::as_str).map(str::to_owned);
        let read =
            |wish, request: &Value| Self { wish, reason: text(request, "reason"), by: text(request, "by").unwrap_or_default() };
        let on = |request: &Value, key: &str| request.get(key).and_then(Value::as_bool) == Some(true);
        let wish = |pause: &Value| if on(pause, "on") { Wish::Pause } else { Wish::Resume };
        match (cancel, pause) {
            (Some(cancel), _) if on(cancel, "fail") => vec![read(Wish::Fail, cancel)],
            (Some(cancel), _) => vec![read(Wish::Cancel, cancel)],
            (None, Some(pause)) => vec![read(wish(pause), pause)],
            (None, None) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_from_their_columns_and_cancel_comes_first() {
        for wish in [Wish::Cancel, Wish::Fail, Wish::Pause, Wish::Resume] {
            let request = Request { wish, reason: Some("x".to_owned()), by: "ana".to_owned() };
            let noted = request.to_json();
            let columns = if matches!(wish, Wish::Cancel | Wish::Fail) { (Some(&noted), None) } else { (None, Some(&noted)) };
            assert_eq!(Request::from_columns(columns.0, columns.1), [request]);
        }
        let both = Request::from_columns(Some(&json!({"by": "a"})), Some(&json!({"on": true, "by": "b"})));
        assert_eq!(both.iter().map(|request| request.wish).collect::<Vec<_>>(), [Wish::Cancel]);
    }
}
