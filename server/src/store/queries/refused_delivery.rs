//! Arrivals that a plan refused: kept, listed, replayed, forgotten.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use tidemill_common::ids::{ExecutionId, WorkspaceId};
use uuid::Uuid;

use crate::store::rows::refused_delivery::RefusedDelivery;
use crate::store::schema::refused_deliveries;
use crate::store::{Error, Statement};

/// How many wait per workspace; more are answered and not kept.
const KEPT: i64 = 1000;

/// Keeps one, or counts that it has come again. Returns false when as many wait as are kept. Runs as the engine.
pub fn refused_delivery_keep(conn: &mut PgConnection, row: &RefusedDelivery) -> Result<bool, Error> {
    let kept = Statement::new(
        "INSERT INTO refused_deliveries (workspace_id, id, at, workflow_uid, workflow_id, version, trigger_type, trigger_id, input,
                                         source, key, metric)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
         WHERE (SELECT count(*) FROM (SELECT FROM refused_deliveries
                WHERE workspace_id = $13 AND replayed_at IS NULL LIMIT $14) AS waiting) < $15
            OR EXISTS (SELECT FROM refused_deliveries WHERE workspace_id = $16 AND source = $17 AND key = $18 AND replayed_at IS NULL)
         ON CONFLICT (workspace_id, source, key) WHERE source IS NOT NULL AND replayed_at IS NULL
             DO UPDATE SET times = refused_deliveries.times + 1",
    )
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<SqlUuid, _>(row.id)
    .bind::<Timestamptz, _>(row.at)
    .bind::<SqlUuid, _>(row.workflow_uid)
    .bind::<Text, _>(row.workflow_id.as_str())
    .bind::<Integer, _>(row.version)
    .bind::<Text, _>(row.trigger_type.as_str())
    .bind::<Nullable<Text>, _>(row.trigger_id.as_deref())
    .bind::<Json, _>(row.input.clone())
    .bind::<Nullable<Text>, _>(row.source.as_deref())
    .bind::<Nullable<Text>, _>(row.key.as_deref())
    .bind::<Text, _>(row.metric.as_str())
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<BigInt, _>(KEPT)
    .bind::<BigInt, _>(KEPT)
    .bind::<SqlUuid, _>(row.workspace_id)
    .bind::<Nullable<Text>, _>(row.source.as_deref())
    .bind::<Nullable<Text>, _>(row.key.as_deref())
    .execute(conn)?;
    Ok(kept > 0)
}

/// A page, the newest first: those older than `before`.
pub fn refused_delivery_list(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    before: Option<Uuid>,
    most: i64,
) -> Result<Vec<RefusedDelivery>, Error> {
    let query = refused_deliveries::table
        .filter(refused_deliveries::workspace_id.eq(workspace.0))
        .order(refused_deliveries::id.desc())
        .limit(most)
        .select(RefusedDelivery::as_select())
        .into_boxed();
    Ok(match before {
        Some(before) => query.filter(refused_deliveries::id.lt(before)).load(conn)?,
        None => query.load(conn)?,
    })
}

/// Those of `ids` that wait, or the oldest ones, in the order in which they came.
pub fn refused_delivery_waiting(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    ids: Option<&[Uuid]>,
    most: i64,
) -> Result<Vec<RefusedDelivery>, Error> {
    let query = refused_deliveries::table
        .filter(refused_deliveries::workspace_id.eq(workspace.0))
        .filter(refused_deliveries::replayed_at.is_null())
        .order(refused_deliveries::id)
        .limit(most)
        .select(RefusedDelivery::as_select())
        .into_boxed();
    Ok(match ids {
        Some(ids) => query.filter(refused_deliveries::id.eq_any(ids)).load(conn)?,
        None => query.load(conn)?,
    })
}

/// How many wait.
pub fn refused_delivery_count(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    Ok(refused_deliveries::table
        .filter(refused_deliveries::workspace_id.eq(workspace.0))
        .filter(refused_deliveries::replayed_at.is_null())
        .count()
        .get_result(conn)?)
}

/// It has started this execution.
pub fn refused_delivery_replayed(
    conn: &mut PgConnection,
    (workspace, id): (WorkspaceId, Uuid),
    execution: ExecutionId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::update(refused_deliveries::table.find((workspace.0, id)))
        .set((refused_deliveries::replayed_at.eq(now), refused_deliveries::execution_id.eq(execution.0)))
        .execute(conn)?;
    Ok(())
}

/// Forgets those of before `before`. Runs as the engine.
pub fn refused_delivery_sweep(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(refused_deliveries::table.filter(refused_deliveries::at.lt(before))).execute(conn)?)
}
