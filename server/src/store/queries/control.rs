//! `execution_queue`: what operators want of executions that have not ended.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Json, Nullable, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::store::Statement;

#[derive(QueryableByName)]
struct HolderRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    lease_node: Option<Uuid>,
}

#[derive(QueryableByName)]
struct EpochRow {
    #[diesel(sql_type = Integer)]
    lease_epoch: i32,
}

/// Notes a request to cancel and makes the execution due. Returns the node that holds its lease; `None` when there is no
/// such execution, or it has ended.
pub fn request_cancel(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    execution_id: Uuid,
    cancel: &Value,
    now: DateTime<Utc>,
) -> QueryResult<Option<Option<Uuid>>> {
    Statement::new(
        "UPDATE execution_queue SET cancel = coalesce(cancel, $1), available_at = least(available_at, $2)
         WHERE workspace_id = $3 AND execution_id = $4
         RETURNING lease_node",
    )
    .bind::<Json, _>(cancel.clone())
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .get_result::<HolderRow>(connection)
    .optional()
    .map(|row| row.map(|row| row.lease_node))
}

/// The same for a wish to pause or resume; the newest counts.
pub fn request_pause(
    connection: &mut PgConnection,
    workspace_id: Uuid,
    execution_id: Uuid,
    pause: &Value,
    now: DateTime<Utc>,
) -> QueryResult<Option<Option<Uuid>>> {
    Statement::new(
        "UPDATE execution_queue SET pause = $1, available_at = least(available_at, $2)
         WHERE workspace_id = $3 AND execution_id = $4
         RETURNING lease_node",
    )
    .bind::<Json, _>(pause.clone())
    .bind::<Timestamptz, _>(now)
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .get_result::<HolderRow>(connection)
    .optional()
    .map(|row| row.map(|row| row.lease_node))
}

/// Gives back the lease of an execution that has nothing to do until `available_at`, unless something is wanted of it that
/// its executor has not seen.
pub fn rest(
    connection: &mut PgConnection,
    node: Uuid,
    (execution_id, epoch): (Uuid, i32),
    available_at: DateTime<Utc>,
    paused: bool,
) -> QueryResult<usize> {
    Statement::new(
        "UPDATE execution_queue
         SET lease_node = NULL, available_at = CASE WHEN cancel IS NULL AND coalesce((pause ->> 'on')::boolean, $1) = $2
                                                      AND NOT answered
                                                    THEN $3 ELSE available_at END
         WHERE execution_id = $4 AND lease_node = $5 AND lease_epoch = $6",
    )
    .bind::<Bool, _>(paused)
    .bind::<Bool, _>(paused)
    .bind::<Timestamptz, _>(available_at)
    .bind::<SqlUuid, _>(execution_id)
    .bind::<SqlUuid, _>(node)
    .bind::<Integer, _>(epoch)
    .execute(connection)
}

/// Takes the lease from whoever holds it. Returns its epoch; `None` when there is no such execution, or it has ended.
pub fn seize(connection: &mut PgConnection, node: Uuid, workspace_id: Uuid, execution_id: Uuid) -> QueryResult<Option<i32>> {
    Statement::new(
        "UPDATE execution_queue SET lease_node = $1, lease_epoch = lease_epoch + 1
         WHERE workspace_id = $2 AND execution_id = $3
         RETURNING lease_epoch",
    )
    .bind::<SqlUuid, _>(node)
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .get_result::<EpochRow>(connection)
    .optional()
    .map(|row| row.map(|row| row.lease_epoch))
}

/// How far an execution has come.
#[derive(Debug, QueryableByName)]
pub struct TailRow {
    /// The `seq` of its newest event.
    #[diesel(sql_type = Integer)]
    pub seq: i32,
    /// The execution whose step called it.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub parent_id: Option<Uuid>,
}

/// How far an execution has come. Ask after the lease was taken, in a statement of its own: nobody else appends from then on.
pub fn tail(connection: &mut PgConnection, workspace_id: Uuid, execution_id: Uuid) -> QueryResult<TailRow> {
    Statement::new(
        "SELECT coalesce((SELECT max(seq) FROM execution_events WHERE workspace_id = $1 AND execution_id = $2), 0) AS seq,
                (SELECT parent_id FROM executions WHERE workspace_id = $3 AND id = $4) AS parent_id",
    )
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .bind::<SqlUuid, _>(workspace_id)
    .bind::<SqlUuid, _>(execution_id)
    .get_result(connection)
}
