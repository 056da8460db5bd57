//! `step_waits`: steps that wait for something outside, and what comes for them.
//!
//! Whoever answers takes the queue's row of the execution first, then the wait's: the same order as the journal.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::journal::WHOLE;
use crate::store::{Error, Statement};

/// How long a wait for an execution must last before it is looked at without being asked: starting one takes much less.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);
/// Rows that one look deals with.
const BATCH: i64 = 500;

/// A step that waits.
#[derive(Debug, Clone, QueryableByName)]
pub struct WaitRow {
    /// The execution.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// The `id` of its workflow's file.
    #[diesel(sql_type = Text)]
    pub workflow_id: String,
    /// The step.
    #[diesel(sql_type = Text)]
    pub step: String,
    /// Its iteration, or [`WHOLE`].
    #[diesel(sql_type = Integer)]
    pub iteration: i32,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub since: DateTime<Utc>,
    /// Until when.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub until: Option<DateTime<Utc>>,
    /// What is waited for.
    #[diesel(sql_type = Json)]
    pub awaited: Value,
}

/// An answer that has come.
#[derive(Debug, QueryableByName)]
pub struct AnswerRow {
    /// The step.
    #[diesel(sql_type = Text)]
    pub step: String,
    /// Its iteration, or [`WHOLE`].
    #[diesel(sql_type = Integer)]
    pub iteration: i32,
    /// The answer.
    #[diesel(sql_type = Json)]
    pub answer: Value,
}

/// An execution that was called.
#[derive(Debug, QueryableByName)]
pub struct ChildRow {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The data of the event that ended it, if it has ended.
    #[diesel(sql_type = Nullable<Json>)]
    pub end: Option<Value>,
}

/// An execution of which something is wanted, and the node that holds it.
#[derive(Debug, QueryableByName)]
pub struct HeldRow {
    /// The execution.
    #[diesel(sql_type = SqlUuid)]
    pub execution_id: Uuid,
    /// The node, if one holds it.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub lease_node: Option<Uuid>,
}

/// The steps of a workspace that wait for something of `kind` and have no answer, the oldest first; of one execution, or of all.
pub fn waiting(
    connection: &mut PgConnection,
    workspace: Uuid,
    kind: &str,
    execution: Option<Uuid>,
    limit: i64,
) -> Result<Vec<WaitRow>, Error> {
    let rows = Statement::new(
        "SELECT execution_id, workflow_id, step, iteration, since, until, awaited FROM step_waits
         WHERE workspace_id = $1 AND kind = $2 AND seq > 0 AND answer IS NULL AND execution_id = coalesce($3, execution_id)
         ORDER BY since LIMIT $4",
    )
    .bind::<SqlUuid, _>(workspace)
    .bind::<Text, _>(kind)
    .bind::<Nullable<SqlUuid>, _>(execution)
    .bind::<BigInt, _>(limit)
    .load(connection)?;
    Ok(rows)
}

/// Makes an execution due because something came for it. `None` when it has ended.
pub fn wake(connection: &mut PgConnection, workspace: Uuid, id: Uuid, now: DateTime<Utc>) -> QueryResult<Option<HeldRow>> {
    Statement::new(
        "UPDATE execution_queue SET answered = true, available_at = least(available_at, $1)
         WHERE workspace_id = $2 AND execution_id = $3 RETURNING execution_id, lease_node",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(workspace)
    .bind::<SqlUuid, _>(id)
    .get_result(connection)
    .optional()
}

/// The place that an answer is for.
#[derive(Debug, Clone)]
pub struct PlaceKey {
    /// The workspace.
    pub workspace: Uuid,
    /// The execution.
    pub execution: Uuid,
    /// The step.
    pub step: String,
    /// Its iteration, or [`WHOLE`].
    pub iteration: i32,
    /// The word of the kind that it waits for.
    pub kind: &'static str,
}

/// Keeps the answer for a place that waits. False when none waits there, or it has its answer.
pub fn answer(connection: &mut PgConnection, place: &PlaceKey, answer: &Value) -> QueryResult<bool> {
    Statement::new(
        "UPDATE step_waits SET answer = $1
         WHERE workspace_id = $2 AND execution_id = $3 AND step = $4 AND iteration = $5 AND kind = $6 AND seq > 0
             AND answer IS NULL AND NOT EXISTS (
                 SELECT FROM step_waits e WHERE e.workspace_id = $7 AND e.execution_id = $8 AND e.step = $9 AND e.seq = 0)",
    )
    .bind::<Json, _>(answer.clone())
    .bind::<SqlUuid, _>(place.workspace)
    .bind::<SqlUuid, _>(place.execution)
    .bind::<Text, _>(place.step.as_str())
    .bind::<Integer, _>(place.iteration)
    .bind::<Text, _>(place.kind)
    .bind::<SqlUuid, _>(place.workspace)
    .bind::<SqlUuid, _>(place.execution)
    .bind::<Text, _>(place.step.as_str())
    .execute(connection)
    .map(|answered| answered > 0)
}

/// Keeps the answer for a step that has not begun. False when it has begun, or has its answer.
pub fn answer_early(connection: &mut PgConnection, place: &PlaceKey, answer: &Value, now: DateTime<Utc>) -> QueryResult<bool> {
    Statement::new(
        "INSERT INTO step_waits (workspace_id, execution_id, step, iteration, seq, workflow_id, kind, since, awaited, answer)
         SELECT e.workspace_id, e.id, $1, $2, 0, e.workflow_id, $3, $4, '{\"kind\": \"event\"}'::json, $5
         FROM executions e WHERE e.workspace_id = $6 AND e.id = $7
             AND NOT EXISTS (SELECT FROM execution_events v WHERE v.workspace_id = e.workspace_id AND v.execution_id = e.id
                                 AND v.type IN ('step_started', 'step_skipped') AND v.data ->> 'step' = $8)
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(place.step.as_str())
    .bind::<Integer, _>(place.iteration)
    .bind::<Text, _>(place.kind)
    .bind::<Timestamptz, _>(now)
    .bind::<Json, _>(answer.clone())
    .bind::<SqlUuid, _>(place.workspace)
    .bind::<SqlUuid, _>(place.execution)
    .bind::<Text, _>(place.step.as_str())
    .execute(connection)
    .map(|kept| kept > 0)
}

/// The answers that came for an execution whose lease `node` holds. From now on the queue's row says nothing of them.
pub fn read(
    connection: &mut PgConnection,
    node: Uuid,
    workspace: Uuid,
    (id, epoch): (Uuid, i32),
) -> QueryResult<Vec<AnswerRow>> {
    // In this order: what comes between the two is read now and announced once more.
    Statement::new(
        "UPDATE execution_queue SET answered = false
         WHERE workspace_id = $1 AND execution_id = $2 AND lease_node = $3 AND lease_epoch = $4 AND answered",
    )
    .bind::<SqlUuid, _>(workspace)
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(node)
    .bind::<Integer, _>(epoch)
    .execute(connection)?;
    Statement::new(
        "SELECT step, iteration, answer FROM step_waits
         WHERE workspace_id = $1 AND execution_id = $2 AND answer IS NOT NULL ORDER BY step, iteration, seq",
    )
    .bind::<SqlUuid, _>(workspace)
    .bind::<SqlUuid, _>(id)
    .load(connection)
}

/// Those of `ids` that were started, and how they ended.
pub fn children(connection: &mut PgConnection, workspace: Uuid, ids: &[Uuid]) -> QueryResult<Vec<ChildRow>> {
    Statement::new(
        "SELECT e.id, v.data AS end FROM executions e
         LEFT JOIN execution_events v ON v.workspace_id = e.workspace_id AND v.execution_id = e.id AND v.seq = e.last_seq
             AND v.type = 'execution_completed'
         WHERE e.workspace_id = $1 AND e.id = ANY($2)",
    )
    .bind::<SqlUuid, _>(workspace)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
}

/// Makes executions due that wait for one that has ended, or that was never started, and were not told. Rows that somebody
/// works on are left for the next look.
pub fn wake_forgotten(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<HeldRow>> {
    Statement::new(
        "WITH forgotten AS (
             SELECT q.execution_id FROM execution_queue q
             WHERE NOT q.answered AND EXISTS (
                 SELECT FROM step_waits w WHERE w.workspace_id = q.workspace_id AND w.execution_id = q.execution_id
                     AND w.child_id IS NOT NULL AND NOT w.abandoned AND w.since < $1
                     AND NOT EXISTS (SELECT FROM execution_queue c WHERE c.execution_id = w.child_id))
               AND q.execution_id IN (SELECT execution_id FROM step_waits WHERE child_id IS NOT NULL AND NOT abandoned)
             LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         UPDATE execution_queue q SET answered = true, available_at = least(q.available_at, $3)
         FROM forgotten f WHERE q.execution_id = f.execution_id RETURNING q.execution_id, q.lease_node",
    )
    .bind::<Timestamptz, _>(now - PATIENCE)
    .bind::<BigInt, _>(BATCH)
    .bind::<Timestamptz, _>(now)
    .load(connection)
}

/// Asks to cancel executions that were called and that nobody waits for any more.
pub fn cancel_abandoned(connection: &mut PgConnection, cancel: &Value, now: DateTime<Utc>) -> QueryResult<Vec<HeldRow>> {
    Statement::new(
        "WITH abandoned AS (
             SELECT q.execution_id FROM execution_queue q
             WHERE q.cancel IS NULL AND q.execution_id IN (SELECT child_id FROM step_waits WHERE abandoned)
             LIMIT $1 FOR UPDATE SKIP LOCKED
         )
         UPDATE execution_queue q SET cancel = $2, available_at = least(q.available_at, $3)
         FROM abandoned a WHERE q.execution_id = a.execution_id RETURNING q.execution_id, q.lease_node",
    )
    .bind::<BigInt, _>(BATCH)
    .bind::<Json, _>(cancel.clone())
    .bind::<Timestamptz, _>(now)
    .load(connection)
}

/// Forgets those that have ended, and those that never began.
pub fn forget_abandoned(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "DELETE FROM step_waits w WHERE w.abandoned
             AND NOT EXISTS (SELECT FROM execution_queue q WHERE q.execution_id = w.child_id)
             AND (w.since < $1 OR EXISTS (SELECT FROM executions e WHERE e.workspace_id = w.workspace_id AND e.id = w.child_id))",
    )
    .bind::<Timestamptz, _>(now - TimeDelta::minutes(10))
    .execute(connection)
}

/// Forgets answers of executions that ended at the moment when the answers came.
pub fn sweep(connection: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    Statement::new(
        "DELETE FROM step_waits w WHERE w.child_id IS NULL AND w.since < $1
             AND NOT EXISTS (SELECT FROM execution_queue q WHERE q.execution_id = w.execution_id)",
    )
    .bind::<Timestamptz, _>(before)
    .execute(connection)
}

/// Whether any step waits for an execution, or waited for one that may not have ended.
pub fn any_called(connection: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct AnyRow {
        #[diesel(sql_type = Bool)]
        any: bool,
    }
    Statement::new("SELECT EXISTS (SELECT FROM step_waits WHERE child_id IS NOT NULL) AS any")
        .get_result::<AnyRow>(connection)
        .map(|row| row.any)
}

/// The iteration in a column.
#[must_use]
pub fn iteration_column(iteration: Option<u32>) -> i32 {
    iteration.map_or(WHOLE, |number| i32::try_from(number).unwrap_or(i32::MAX))
}

/// The iteration that a column means.
#[must_use]
pub fn iteration_of(column: i32) -> Option<u32> {
    u32::try_from(column).ok()
}

/// The workspace of an execution that has not ended, and the workflow version that it executes.
#[derive(Debug, QueryableByName)]
pub struct OpenRow {
    /// The workspace.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The workflow.
    #[diesel(sql_type = SqlUuid)]
    pub workflow_uid: Uuid,
    /// The version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
}

/// An execution that has not ended, in whichever workspace.
pub fn open(connection: &mut PgConnection, id: Uuid) -> QueryResult<Option<OpenRow>> {
    Statement::new("SELECT workspace_id, workflow_uid, version FROM execution_queue WHERE execution_id = $1")
        .bind::<SqlUuid, _>(id)
        .get_result(connection)
        .optional()
}
