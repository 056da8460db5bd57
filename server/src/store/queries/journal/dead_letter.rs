//! What is kept of executions that failed for good, written with their end.

use std::collections::HashSet;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::{AppendRow, column};
use crate::store::Statement;

/// A failure and its cause.
#[derive(Debug)]
pub struct DeadLetterRow {
    /// Stands for the cause.
    pub fingerprint: String,
    /// The error without what differs from one failure to the next.
    pub cause: String,
    /// The error's class.
    pub class: &'static str,
    /// The step that failed.
    pub step: Option<String>,
}

/// Keeps the dead letters of those of `rows` whose lease held.
pub(super) fn bury(connection: &mut PgConnection, rows: &[AppendRow], fenced: &HashSet<Uuid>) -> QueryResult<usize> {
    let rows = rows.iter().filter(|row| fenced.contains(&row.execution_id));
    let dead: Vec<_> = rows.filter_map(|row| row.dead_letter.as_ref().map(|letter| (row, letter))).collect();
    Statement::new(
        "INSERT INTO dead_letters
             (workspace_id, execution_id, workflow_uid, workflow_id, version, at, status, fingerprint, cause, class, step, error)
         SELECT e.workspace_id, e.id, e.workflow_uid, e.workflow_id, e.version, coalesce(d.at, now()), d.status, d.fingerprint,
                d.cause, d.class, d.step, coalesce(d.error, d.cause)
         FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
             AS d (workspace_id, execution_id, at, status, fingerprint, cause, class, step, error)
         JOIN executions e ON e.workspace_id = d.workspace_id AND e.id = d.execution_id
         ON CONFLICT DO NOTHING",
    )
    .bind::<Array<SqlUuid>, _>(column(&dead, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&dead, |(row, _)| row.execution_id))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(&dead, |(row, _)| row.finished_at))
    .bind::<Array<Text>, _>(column(&dead, |(row, _)| row.status))
    .bind::<Array<Text>, _>(column(&dead, |(_, letter)| letter.fingerprint.as_str()))
    .bind::<Array<Text>, _>(column(&dead, |(_, letter)| letter.cause.as_str()))
    .bind::<Array<Text>, _>(column(&dead, |(_, letter)| letter.class))
    .bind::<Array<Nullable<Text>>, _>(column(&dead, |(_, letter)| letter.step.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(&dead, |(row, _)| row.error.as_deref()))
    .execute(connection)
}
