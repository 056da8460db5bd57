//! Files in, plans or diagnostics out.

mod diagnostics;
mod documentation;
mod hostile;
mod plans;

use std::sync::Arc;

use chrono::DateTime;
use serde_json::Value;
use tidemill_common::ids::ExecutionId;

pub(super) use plans::FULL;

use super::scope::{ExecutionMeta, Scope};

/// A scope at the start of an execution whose trigger is `trigger`.
pub(super) fn scope(trigger: Value) -> Scope {
    let meta = ExecutionMeta {
        execution_id: ExecutionId(uuid::Uuid::nil()),
        workflow_id: "orders".into(),
        version: 3,
        started_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
    };
    Scope::new(Arc::new(trigger), meta)
}
