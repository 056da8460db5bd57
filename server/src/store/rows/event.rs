//! Events of executions.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};
use tidemill_common::event::{Event as DomainEvent, EventBody};
use tidemill_common::ids::ExecutionId;
use uuid::Uuid;

use crate::store::Error;
use crate::store::schema::execution_events;

/// One durable fact about an execution.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = execution_events)]
pub struct Event {
    /// The execution.
    pub execution_id: Uuid,
    /// Its place in the execution, from 1.
    pub seq: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: String,
    /// What there is to say about it.
    pub data: Value,
}

impl TryFrom<Event> for DomainEvent {
    type Error = Error;

    fn try_from(row: Event) -> Result<Self, Error> {
        let (id, seq) = (row.execution_id, row.seq);
        let fields = [("type".to_owned(), Value::String(row.kind)), ("data".to_owned(), row.data)];
        let body: EventBody = serde_json::from_value(Value::Object(Map::from_iter(fields)))
            .map_err(|error| Error::Corrupt(format!("event {seq} of execution {id}: {error}")))?;
        Ok(Self { execution_id: ExecutionId(id), seq, at: row.at, body })
    }
}
