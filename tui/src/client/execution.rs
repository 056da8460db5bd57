//! Executions and their events.

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::Method;
use serde_json::Value;
use tidemill_common::api::control::{ExecutionCancel, ExecutionPause, ExecutionResume, ExecutionRetry};
use tidemill_common::api::event::EventPage;
use tidemill_common::api::execution::{ExecutionCreate, ExecutionDetail, ExecutionPage, ExecutionView};
use tidemill_common::api::metrics::ExecutionMetrics;
use tidemill_common::api::why::WhyView;
use tidemill_common::ids::ExecutionId;
use tidemill_common::payload::PayloadRef;
use tidemill_common::status::ExecutionStatus;

use super::{Client, Error};

/// Which executions to list.
#[derive(Debug, Clone, Default)]
pub struct ExecutionQuery {
    /// Only those of this workflow.
    pub workflow: Option<String>,
    /// Only those in one of these states; all when empty.
    pub status: Vec<ExecutionStatus>,
    /// Only those that were called by this one.
    pub parent: Option<ExecutionId>,
    /// The page's size, up to [`tidemill_common::limits::PAGE_ITEMS`].
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

impl Client {
    /// Starts an execution by hand.
    pub async fn execution_create(&self, workflow: &str, start: &ExecutionCreate) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "workflows", workflow, "executions"]).json(start)).await
    }

    /// A page of executions, newest first.
    pub async fn executions(&self, query: &ExecutionQuery) -> Result<ExecutionPage, Error> {
        let words: Vec<_> = query.status.iter().map(|status| status.as_str()).collect();
        let call = self
            .call(Method::GET, &["api", "executions"])
            .query("workflow", query.workflow.as_deref())
            .query("status", (!words.is_empty()).then(|| words.join(",")))
            .query("parent", query.parent)
            .query("limit", query.limit)
            .query("cursor", query.cursor.as_deref());
        self.fetch(call).await
    }

    /// An execution with its steps.
    pub async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Error> {
        self.fetch(self.call(Method::GET, &["api", "executions", &id.to_string()])).await
    }

    /// An execution with its steps, in which nothing is a reference: what is kept apart is read as well.
    pub async fn execution_whole(&self, id: ExecutionId) -> Result<ExecutionDetail, Error> {
        let mut whole = self.execution(id).await?;
        let steps = whole.steps.iter_mut().flat_map(|step| [step.input.as_mut(), step.output.as_mut()]).flatten();
        for value in std::iter::once(&mut whole.input).chain(whole.output.as_mut()).chain(steps) {
            if let Some(reference) = PayloadRef::of(value) {
                *value = self.execution_payload(id, &reference.sha256).await?;
            }
        }
        Ok(whole)
    }

    /// An input or output that is kept apart from its event.
    pub async fn execution_payload(&self, id: ExecutionId, sha256: &str) -> Result<Value, Error> {
        self.fetch(self.call(Method::GET, &["api", "executions", &id.to_string(), "payloads", sha256])).await
    }

    /// A page of events with a `seq` greater than `after`, oldest first.
    pub async fn execution_events(&self, id: ExecutionId, after: i32, limit: Option<usize>) -> Result<EventPage, Error> {
        let call = self.call(Method::GET, &["api", "executions", &id.to_string(), "events"]);
        self.fetch(call.query("after", Some(after)).query("limit", limit)).await
    }

    /// Asks to pause an execution.
    pub async fn execution_pause(&self, id: ExecutionId, pause: &ExecutionPause) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "pause"]).json(pause)).await
    }

    /// Lets a paused execution go on.
    pub async fn execution_resume(&self, id: ExecutionId, resume: &ExecutionResume) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "resume"]).json(resume)).await
    }

    /// Starts an execution that tries an ended one again.
    pub async fn execution_retry(&self, id: ExecutionId, retry: &ExecutionRetry) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "retry"]).json(retry)).await
    }

    /// Counts and durations since a time: of every workflow, or of one with its steps.
    pub async fn execution_metrics(
        &self,
        workflow: Option<&str>,
        since: Option<DateTime<Utc>>,
    ) -> Result<ExecutionMetrics, Error> {
        let since = since.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let call = self.call(Method::GET, &["api", "executions", "metrics"]);
        self.fetch(call.query("workflow", workflow).query("since", since)).await
    }

    /// Why an execution isn't moving.
    pub async fn execution_why(&self, id: ExecutionId) -> Result<WhyView, Error> {
        self.fetch(self.call(Method::GET, &["api", "executions", &id.to_string(), "why"])).await
    }

    /// Asks to cancel an execution.
    pub async fn execution_cancel(&self, id: ExecutionId, cancel: &ExecutionCancel) -> Result<ExecutionView, Error> {
        self.fetch(self.call(Method::POST, &["api", "executions", &id.to_string(), "cancel"]).json(cancel)).await
    }
}
