//! The two statements of the journal, admit and append, each for a whole batch. Start at [`write()`].

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::payload::Packed;
use crate::store::{Error, Statement};

mod dead_letter;
mod payload;
mod rate;
mod slot;
mod wait;

pub use dead_letter::DeadLetterRow;
pub use rate::RateRow;
pub use slot::SlotRow;
pub use wait::{OpenWait, WHOLE, WaitChange};

/// An execution to admit, with its first event.
#[derive(Debug)]
pub struct AdmitRow {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The execution.
    pub id: Uuid,
    /// The workflow.
    pub workflow_uid: Uuid,
    /// The workflow's id in its file.
    pub workflow_id: Arc<str>,
    /// The version to execute.
    pub version: i32,
    /// The state after its events.
    pub status: &'static str,
    /// What started it.
    pub trigger_type: Arc<str>,
    /// Which trigger.
    pub trigger_id: Option<Arc<str>>,
    /// The node that gets the lease at once (epoch 1), if it has room.
    pub lease_node: Option<Uuid>,
    /// When it is due, if no node has the lease.
    pub available_at: DateTime<Utc>,
    /// When it succeeded, if it has already: then it never was in the queue.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its first event, and what follows at once.
    pub events: Vec<EventRow>,
    /// The execution that this one tries again.
    pub retry_of: Option<Uuid>,
    /// The execution whose step calls it.
    pub parent_id: Option<Uuid>,
    /// The concurrency key that it needs.
    pub slot: Option<SlotRow>,
    /// How many of its kind may begin.
    pub rate: Option<RateRow>,
    /// How many minutes of waiting for a node it is ahead of others.
    pub priority: i16,
    /// What must not start a second execution: source and key.
    pub delivery: Option<(String, String)>,
    /// What its events refer to.
    pub payloads: Vec<Arc<Packed>>,
    /// The hashes of what they refer to and the execution has that this one tries again.
    pub copied: Vec<Vec<u8>>,
}

/// What an executor appends for one execution, and the projection that follows from it.
#[derive(Debug)]
pub struct AppendRow {
    /// The tenant.
    pub workspace_id: Uuid,
    /// The execution.
    pub execution_id: Uuid,
    /// The lease's epoch.
    pub epoch: i32,
    /// 0 keeps the lease, 1 gives it back, 2 the execution has ended.
    pub next: i16,
    /// When it wakes, if the lease is given back.
    pub available_at: DateTime<Utc>,
    /// The state after the last event.
    pub status: &'static str,
    /// The events.
    pub events: Vec<EventRow>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed, in one line.
    pub error: Option<String>,
    /// What is kept of it when it failed for good.
    pub dead_letter: Option<DeadLetterRow>,
    /// Whether it has ended and may have a concurrency key.
    pub gives_up_key: bool,
    /// What changes about the steps that wait for something outside.
    pub waits: Vec<WaitChange>,
    /// What its events refer to.
    pub payloads: Vec<Arc<Packed>>,
}

/// One event.
#[derive(Debug)]
pub struct EventRow {
    /// Its place in the execution.
    pub seq: i32,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Its type.
    pub event_type: &'static str,
    /// Its data, as JSON text.
    pub data: String,
}

impl AdmitRow {
    fn first(&self) -> &EventRow {
        self.events.first().expect("an execution is admitted with its first event")
    }
}

#[derive(QueryableByName)]
struct ExecutionIdRow {
    #[diesel(sql_type = SqlUuid)]
    execution_id: Uuid,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Written {
    /// The executions that were admitted. The others' deliveries were known already.
    pub admitted: HashSet<Uuid>,
    /// The executions whose lease held. Nothing was written for the others.
    pub fenced: HashSet<Uuid>,
}

/// Writes a batch in one transaction: admissions, and appends of `node`, at most one per execution.
pub fn write(
    connection: &mut PgConnection,
    node: Uuid,
    admits: &[&AdmitRow],
    appends: &[AppendRow],
    now: DateTime<Utc>,
) -> Result<Written, Error> {
    let buries = appends.iter().any(|row| row.dead_letter.is_some());
    let keyed = admits.iter().any(|row| row.slot.is_some()) || appends.iter().any(|row| row.gives_up_key);
    let called = admits.iter().any(|row| row.parent_id.is_some());
    let waits = appends.iter().any(|row| !row.waits.is_empty());
    let rated = admits.iter().any(|row| row.rate.is_some());
    let preferred = admits.iter().any(|row| row.priority > 0);
    let heavy = admits.iter().any(|row| !row.payloads.is_empty() || !row.copied.is_empty())
        || appends.iter().any(|row| !row.payloads.is_empty());
    let all = |connection: &mut PgConnection| -> QueryResult<Written> {
        if keyed {
            slot::lock(connection, admits, appends)?;
        }
        if rated {
            rate::lock(connection, admits)?;
        }
        let written = Written { admitted: admit(connection, admits)?, fenced: append(connection, node, appends, now)? };
        if rated {
            rate::take(connection, admits, &written.admitted, now)?;
        }
        if preferred {
            rate::prefer(connection, admits, &written.admitted)?;
        }
        if keyed {
            slot::give_up(connection, appends, &written.fenced, now)?;
            slot::take(connection, admits, &written.admitted, now)?;
        }
        if called {
            wait::adopt(connection, admits, &written.admitted)?;
        }
        if waits {
            wait::change(connection, appends, &written.fenced)?;
        }
        if heavy {
            payload::keep(connection, admits, appends, &written)?;
            payload::copy(connection, admits, &written.admitted)?;
        }
        if buries {
            dead_letter::bury(connection, appends, &written.fenced)?;
        }
        Ok(written)
    };
    // A single statement is a transaction of its own: one round trip less.
    let single =
        (admits.is_empty() || appends.is_empty()) && !(buries || keyed || called || waits || rated || preferred || heavy);
    Ok(if single { all(connection)? } else { connection.transaction(all)? })
}

fn admit(connection: &mut PgConnection, rows: &[&AdmitRow]) -> QueryResult<HashSet<Uuid>> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let events: Vec<_> = rows.iter().flat_map(|row| row.events.iter().map(move |event| (row.id, event))).collect();
    let statement = Statement::new(include_str!("admit.sql"))
        .bind::<Array<SqlUuid>, _>(column(rows, |row| row.workspace_id))
        .bind::<Array<SqlUuid>, _>(column(rows, |row| row.id))
        .bind::<Array<SqlUuid>, _>(column(rows, |row| row.workflow_uid))
        .bind::<Array<Text>, _>(column(rows, |row| &*row.workflow_id))
        .bind::<Array<Integer>, _>(column(rows, |row| row.version))
        .bind::<Array<Text>, _>(column(rows, |row| row.status))
        .bind::<Array<Text>, _>(column(rows, |row| &*row.trigger_type))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.trigger_id.as_deref()))
        .bind::<Array<Timestamptz>, _>(column(rows, |row| row.first().at))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(rows, |row| row.lease_node))
        .bind::<Array<Integer>, _>(column(rows, |row| i32::from(row.lease_node.is_some())))
        .bind::<Array<Timestamptz>, _>(column(rows, |row| row.available_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.finished_at))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.delivery.as_ref().map(|(source, _)| source.as_str())))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.delivery.as_ref().map(|(_, key)| key.as_str())))
        .bind::<Array<Integer>, _>(column(rows, |row| row.events.last().map_or(1, |event| event.seq)))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(rows, |row| row.retry_of))
        .bind::<Array<SqlUuid>, _>(column(&events, |(id, _)| *id))
        .bind::<Array<Integer>, _>(column(&events, |(_, event)| event.seq))
        .bind::<Array<Timestamptz>, _>(column(&events, |(_, event)| event.at))
        .bind::<Array<Text>, _>(column(&events, |(_, event)| event.event_type))
        .bind::<Array<Text>, _>(column(&events, |(_, event)| event.data.as_str()));
    let admitted = statement.load::<ExecutionIdRow>(connection)?;
    Ok(admitted.into_iter().map(|row| row.execution_id).collect())
}

fn append(connection: &mut PgConnection, node: Uuid, rows: &[AppendRow], now: DateTime<Utc>) -> QueryResult<HashSet<Uuid>> {
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let events: Vec<_> = rows.iter().flat_map(|row| row.events.iter().map(move |event| (row.execution_id, event))).collect();
    let statement = Statement::new(include_str!("append.sql"))
        .bind::<Array<SqlUuid>, _>(column(rows, |row| row.workspace_id))
        .bind::<Array<SqlUuid>, _>(column(rows, |row| row.execution_id))
        .bind::<Array<Integer>, _>(column(rows, |row| row.epoch))
        .bind::<Array<SmallInt>, _>(column(rows, |row| row.next))
        .bind::<Array<Timestamptz>, _>(column(rows, |row| row.available_at))
        .bind::<Array<Text>, _>(column(rows, |row| row.status))
        .bind::<Array<Integer>, _>(column(rows, |row| row.events.first().map_or(0, |event| event.seq)))
        .bind::<Array<Integer>, _>(column(rows, |row| row.events.last().map_or(0, |event| event.seq)))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(rows, |row| row.finished_at))
        .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.error.as_deref()))
        .bind::<SqlUuid, _>(node)
        .bind::<SqlUuid, _>(node)
        .bind::<SqlUuid, _>(node)
        .bind::<Nullable<SqlUuid>, _>(rows.iter().map(|row| row.execution_id).min())
        .bind::<Nullable<SqlUuid>, _>(rows.iter().map(|row| row.execution_id).max())
        .bind::<Array<SqlUuid>, _>(column(&events, |(id, _)| *id))
        .bind::<Array<Integer>, _>(column(&events, |(_, event)| event.seq))
        .bind::<Array<Timestamptz>, _>(column(&events, |(_, event)| event.at))
        .bind::<Array<Text>, _>(column(&events, |(_, event)| event.event_type))
        .bind::<Array<Text>, _>(column(&events, |(_, event)| event.data.as_str()))
        .bind::<Timestamptz, _>(now);
    let fenced = statement.load::<ExecutionIdRow>(connection)?;
    Ok(fenced.into_iter().map(|row| row.execution_id).collect())
}

/// The execution that the delivery `key` of `source` started.
pub fn delivered(connection: &mut PgConnection, workspace_id: Uuid, source: &str, key: &str) -> Result<Option<Uuid>, Error> {
    Statement::new("SELECT execution_id FROM deliveries WHERE workspace_id = $1 AND source = $2 AND key = $3")
        .bind::<SqlUuid, _>(workspace_id)
        .bind::<Text, _>(source)
        .bind::<Text, _>(key)
        .get_result::<ExecutionIdRow>(connection)
        .optional()
        .map(|row| row.map(|row| row.execution_id))
        .map_err(Error::from)
}

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
