//! What is fixed for the whole execution, and how expressions see it: `workflow` and `execution`.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use tidemill_common::ids::ExecutionId;

/// What is fixed for the whole execution.
#[derive(Debug, Clone)]
pub struct ExecutionMeta {
    /// The execution; expressions see it as `execution.id`.
    pub execution_id: ExecutionId,
    /// The file's id: `workflow.id`.
    pub workflow_id: Arc<str>,
    /// The version that is executed: `workflow.version`.
    pub version: i32,
    /// When the execution was admitted: `execution.started_at`, in RFC 3339.
    pub started_at: DateTime<Utc>,
}
#[derive(Debug)]
pub(super) struct WorkflowView(pub(super) Arc<ExecutionMeta>);

/// What stands below `workflow`.
pub(super) const WORKFLOW_FIELDS: [&str; 2] = ["id", "version"];

impl Object for WorkflowView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "id" => Some(Value::from(self.0.workflow_id.clone())),
            "version" => Some(Value::from(self.0.version)),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&WORKFLOW_FIELDS)
    }
}

#[derive(Debug)]
pub(super) struct ExecutionView(pub(super) Arc<ExecutionMeta>);

/// What stands below `execution`.
pub(super) const EXECUTION_FIELDS: [&str; 2] = ["id", "started_at"];

impl Object for ExecutionView {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "id" => Some(Value::from(self.0.execution_id.to_string())),
            "started_at" => Some(Value::from(self.0.started_at.to_rfc3339_opts(SecondsFormat::Millis, true))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&EXECUTION_FIELDS)
    }
}
