//! Schedule triggers that are due.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::store::Statement;

/// A live schedule trigger.
#[derive(Debug, Clone, QueryableByName)]
pub struct ScheduleRow {
    /// The tenant.
    #[diesel(sql_type = SqlUuid)]
    pub workspace_id: Uuid,
    /// The workflow.
    #[diesel(sql_type = SqlUuid)]
    pub workflow_uid: Uuid,
    /// The trigger.
    #[diesel(sql_type = Text)]
    pub trigger_id: String,
    /// The active version.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// When there is something to do.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub next_at: Option<DateTime<Utc>>,
    /// The first instant that has not fired yet. A row of an older server hasn't it: there it is `next_at`.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub instant: Option<DateTime<Utc>>,
}

/// Where a schedule goes on.
#[derive(Debug, Clone, Copy)]
pub struct Onward {
    /// When there is something to do next.
    pub next_at: Option<DateTime<Utc>>,
    /// The first instant that has not fired yet.
    pub instant: Option<DateTime<Utc>>,
    /// The last instant that fired, if another one did.
    pub last_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct InstantRow {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    instant: Option<DateTime<Utc>>,
}

/// Up to `limit` schedule triggers with something to do at `now`.
pub fn due(connection: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<Vec<ScheduleRow>> {
    Statement::new(
        "SELECT t.workspace_id, t.workflow_uid, t.id AS trigger_id, t.version, t.next_at, t.instant
         FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         WHERE t.next_at <= $1 AND t.type = 'schedule' AND w.archived_at IS NULL AND w.delete_after IS NULL
         ORDER BY t.next_at LIMIT $2",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<BigInt, _>(limit)
    .load(connection)
}

/// Schedule triggers that have fired an instant after `now`: the clock was ahead then.
pub fn ahead(connection: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<ScheduleRow>> {
    Statement::new(
        "SELECT workspace_id, workflow_uid, id AS trigger_id, version, next_at, instant FROM triggers
         WHERE last_at > $1 AND type = 'schedule'",
    )
    .bind::<Timestamptz, _>(now)
    .load(connection)
}

/// Moves a schedule trigger on, unless somebody else has or the trigger was replaced meanwhile.
pub fn advance(connection: &mut PgConnection, row: &ScheduleRow, onward: Onward) -> QueryResult<usize> {
    Statement::new(
        "UPDATE triggers SET next_at = $1, instant = $2, last_at = coalesce($3, last_at)
         WHERE workspace_id = $4 AND workflow_uid = $5 AND id = $6 AND version = $7 AND next_at IS NOT DISTINCT FROM $8",
    )
    .bind::<Nullable<Timestamptz>, _>(onward.next_at)
    .bind::<Nullable<Timestamptz>, _>(onward.instant)
    .bind::<Nullable<Timestamptz>, _>(onward.last_at)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.trigger_id.clone())
    .bind::<Integer, _>(row.version)
    .bind::<Nullable<Timestamptz>, _>(row.next_at)
    .execute(connection)
}

/// When the next schedule trigger of any workspace has something to do.
pub fn next(connection: &mut PgConnection) -> QueryResult<Option<DateTime<Utc>>> {
    Statement::new(
        "SELECT min(t.next_at) AS instant FROM triggers t JOIN workspaces w ON w.id = t.workspace_id
         WHERE t.next_at IS NOT NULL AND t.type = 'schedule' AND w.archived_at IS NULL AND w.delete_after IS NULL",
    )
    .get_result::<InstantRow>(connection)
    .map(|row| row.instant)
}
