//! Steps that wait for something outside: their rows, written with the events that begin and end the waits.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::{AdmitRow, AppendRow, column};
use crate::store::Statement;

/// The iteration of a wait that belongs to its step as a whole.
pub const WHOLE: i32 = -1;

/// What an append changes about the waits of its execution.
#[derive(Debug)]
pub enum WaitChange {
    /// A wait begins.
    Open(OpenWait),
    /// Waits end.
    Close {
        /// Those of this step; of every step when absent.
        step: Option<String>,
        /// Those of this iteration; of every one when absent.
        iteration: Option<i32>,
        /// Those that began before this event.
        before: i32,
    },
}

/// A wait that begins.
#[derive(Debug)]
pub struct OpenWait {
    /// The step.
    pub step: String,
    /// Its iteration, or [`WHOLE`].
    pub iteration: i32,
    /// The event that begins it.
    pub seq: i32,
    /// The word of its kind.
    pub kind: &'static str,
    /// When it begins.
    pub since: DateTime<Utc>,
    /// When nothing is waited for any more.
    pub until: Option<DateTime<Utc>>,
    /// What is waited for, as JSON text.
    pub awaited: String,
    /// The execution whose end is awaited.
    pub child: Option<Uuid>,
}

/// Changes the waits of those of `rows` whose lease held. What was called and may not have ended stays as abandoned, until it
/// is cancelled.
pub(super) fn change(connection: &mut PgConnection, rows: &[AppendRow], fenced: &HashSet<Uuid>) -> QueryResult<()> {
    let changes = || {
        let rows = rows.iter().filter(|row| fenced.contains(&row.execution_id));
        rows.flat_map(|row| row.waits.iter().map(move |change| (row, change)))
    };
    let opened: Vec<_> = changes()
        .filter_map(|(row, change)| match change {
            WaitChange::Open(wait) => Some((row, wait)),
            WaitChange::Close { .. } => None,
        })
        .collect();
    let closed: Vec<_> = changes()
        .filter_map(|(row, change)| match change {
            WaitChange::Close { step, iteration, before } => Some((row, (step.as_deref(), *iteration, *before))),
            WaitChange::Open(_) => None,
        })
        .collect();
    if !opened.is_empty() {
        open(connection, &opened)?;
    }
    if !closed.is_empty() {
        close(connection, &closed)?;
    }
    Ok(())
}

fn open(connection: &mut PgConnection, opened: &[(&AppendRow, &OpenWait)]) -> QueryResult<usize> {
    Statement::new(
        "INSERT INTO step_waits (workspace_id, execution_id, step, iteration, seq, workflow_id, kind, since, until, awaited, child_id)
         SELECT e.workspace_id, e.id, w.step, w.iteration, w.seq, e.workflow_id, w.kind, w.since, w.until, w.awaited::json, w.child_id
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[], $9::text[], $10::uuid[])
             AS w (workspace_id, execution_id, step, iteration, seq, kind, since, until, awaited, child_id)
         JOIN executions e ON e.workspace_id = w.workspace_id AND e.id = w.execution_id",
    )
    .bind::<Array<SqlUuid>, _>(column(opened, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(opened, |(row, _)| row.execution_id))
    .bind::<Array<Text>, _>(column(opened, |(_, wait)| wait.step.as_str()))
    .bind::<Array<Integer>, _>(column(opened, |(_, wait)| wait.iteration))
    .bind::<Array<Integer>, _>(column(opened, |(_, wait)| wait.seq))
    .bind::<Array<Text>, _>(column(opened, |(_, wait)| wait.kind))
    .bind::<Array<Timestamptz>, _>(column(opened, |(_, wait)| wait.since))
    .bind::<Array<Nullable<Timestamptz>>, _>(column(opened, |(_, wait)| wait.until))
    .bind::<Array<Text>, _>(column(opened, |(_, wait)| wait.awaited.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(opened, |(_, wait)| wait.child))
    .execute(connection)
}

type Closing<'c> = (&'c AppendRow, (Option<&'c str>, Option<i32>, i32));

fn close(connection: &mut PgConnection, closed: &[Closing<'_>]) -> QueryResult<usize> {
    Statement::new(
        "WITH closing AS (
             SELECT DISTINCT w.workspace_id, w.execution_id, w.step, w.iteration, w.seq,
                    w.child_id IS NOT NULL AND NOT EXISTS (
                        SELECT FROM executions e
                        WHERE e.workspace_id = w.workspace_id AND e.id = w.child_id AND e.finished_at IS NOT NULL) AS lives
             FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::integer[])
                 AS c (workspace_id, execution_id, step, iteration, before)
             JOIN step_waits w ON w.workspace_id = c.workspace_id AND w.execution_id = c.execution_id
                 AND w.step = coalesce(c.step, w.step) AND w.iteration = coalesce(c.iteration, w.iteration) AND w.seq < c.before
         ), dropped AS (
             DELETE FROM step_waits w USING closing c
             WHERE w.workspace_id = c.workspace_id AND w.execution_id = c.execution_id AND w.step = c.step
                 AND w.iteration = c.iteration AND w.seq = c.seq AND NOT c.lives
         )
         UPDATE step_waits w SET abandoned = true FROM closing c
         WHERE w.workspace_id = c.workspace_id AND w.execution_id = c.execution_id AND w.step = c.step
             AND w.iteration = c.iteration AND w.seq = c.seq AND c.lives",
    )
    .bind::<Array<SqlUuid>, _>(column(closed, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(closed, |(row, _)| row.execution_id))
    .bind::<Array<Nullable<Text>>, _>(column(closed, |(_, (step, ..))| *step))
    .bind::<Array<Nullable<Integer>>, _>(column(closed, |(_, (_, iteration, _))| *iteration))
    .bind::<Array<Integer>, _>(column(closed, |(_, (.., before))| *before))
    .execute(connection)
}

/// Notes whose steps called those of `rows` that were admitted.
pub(super) fn adopt(connection: &mut PgConnection, rows: &[&AdmitRow], admitted: &HashSet<Uuid>) -> QueryResult<usize> {
    let called: Vec<_> = rows
        .iter()
        .filter(|row| admitted.contains(&row.id))
        .filter_map(|row| row.parent_id.map(|parent| (*row, parent)))
        .collect();
    Statement::new(
        "UPDATE executions e SET parent_id = c.parent_id
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS c (workspace_id, id, parent_id)
         WHERE e.workspace_id = c.workspace_id AND e.id = c.id",
    )
    .bind::<Array<SqlUuid>, _>(column(&called, |(row, _)| row.workspace_id))
    .bind::<Array<SqlUuid>, _>(column(&called, |(row, _)| row.id))
    .bind::<Array<SqlUuid>, _>(column(&called, |(_, parent)| *parent))
    .execute(connection)
}
