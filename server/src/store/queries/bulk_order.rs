//! Orders about many executions at once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use tidemill_common::ids::WorkspaceId;
use uuid::Uuid;

use crate::store::Error;
use crate::store::rows::bulk_order::BulkOrder;
use crate::store::schema::{bulk_orders, executions};

/// Executions are counted up to here.
const COUNTED: i64 = 10_000;
/// How long whoever carries out a part of an order has for it before another node may.
const TURN: TimeDelta = TimeDelta::seconds(15);

/// Keeps an order.
pub fn bulk_insert(conn: &mut PgConnection, order: &BulkOrder) -> Result<(), Error> {
    diesel::insert_into(bulk_orders::table).values(order).execute(conn)?;
    Ok(())
}

/// The newest orders.
pub fn bulk_list(conn: &mut PgConnection, workspace: WorkspaceId, limit: i64) -> Result<Vec<BulkOrder>, Error> {
    let rows = bulk_orders::table.filter(bulk_orders::workspace_id.eq(workspace.0)).order(bulk_orders::id.desc());
    Ok(rows.limit(limit).select(BulkOrder::as_select()).load(conn)?)
}

/// One order.
pub fn bulk_get(conn: &mut PgConnection, workspace: WorkspaceId, id: Uuid) -> Result<BulkOrder, Error> {
    Ok(bulk_orders::table.find((workspace.0, id)).select(BulkOrder::as_select()).first(conn)?)
}

/// Stops an order; one that has ended stays as it is.
pub fn bulk_stop(conn: &mut PgConnection, workspace: WorkspaceId, id: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::update(bulk_orders::table.find((workspace.0, id)).filter(bulk_orders::state.eq("running")))
        .set((bulk_orders::state.eq("stopped"), bulk_orders::finished_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// How many executions fit an order, counted up to 10,000.
pub fn bulk_count(conn: &mut PgConnection, order: &BulkOrder) -> Result<i64, Error> {
    let fitting = fitting(order).select(executions::id).limit(COUNTED).load::<Uuid>(conn)?;
    Ok(i64::try_from(fitting.len()).unwrap_or(COUNTED))
}

/// The next executions of an order, the oldest first. They are noted: after a crash the same ones are given again, for some may
/// not fit the order any more because of what it has done to them.
pub fn bulk_next(conn: &mut PgConnection, order: &BulkOrder, limit: i64) -> Result<Vec<Uuid>, Error> {
    if let Some(part) = &order.part {
        return Ok(part.clone());
    }
    let part: Vec<Uuid> = fitting(order).select(executions::id).order(executions::id).limit(limit).load(conn)?;
    diesel::update(bulk_orders::table.find((order.workspace_id, order.id))).set(bulk_orders::part.eq(&part)).execute(conn)?;
    Ok(part)
}

fn fitting(order: &BulkOrder) -> executions::BoxedQuery<'_, diesel::pg::Pg> {
    let statuses: Vec<&str> = order.statuses.split(',').collect();
    let mut query = executions::table
        .filter(executions::workspace_id.eq(order.workspace_id))
        .filter(executions::id.ge(order.from_id))
        .filter(executions::id.lt(order.until_id))
        .filter(executions::status.eq_any(statuses))
        .into_boxed();
    if let Some(workflow) = order.workflow_uid {
        query = query.filter(executions::workflow_uid.eq(workflow));
    }
    if let Some(cursor) = order.cursor_id {
        query = query.filter(executions::id.gt(cursor));
    }
    query
}

/// Takes the order whose turn has come, for a while; and says when the next one's does, if none is due.
pub fn bulk_take(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(Option<BulkOrder>, Option<DateTime<Utc>>), Error> {
    let running = || bulk_orders::table.filter(bulk_orders::state.eq("running")).order(bulk_orders::next_at);
    let due = running()
        .filter(bulk_orders::next_at.le(now))
        .select(BulkOrder::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    let Some(order) = due else {
        return Ok((None, running().select(bulk_orders::next_at).first(conn).optional()?));
    };
    diesel::update(bulk_orders::table.find((order.workspace_id, order.id)))
        .set(bulk_orders::next_at.eq(now + TURN))
        .execute(conn)?;
    Ok((Some(order), None))
}

/// A part of an order was carried out: up to `cursor`, so many done and so many skipped; it goes on at `next_at`, or has ended.
pub fn bulk_advance(
    conn: &mut PgConnection,
    order: &BulkOrder,
    cursor: Option<Uuid>,
    (done, skipped): (i64, i64),
    next_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = || bulk_orders::table.find((order.workspace_id, order.id)).filter(bulk_orders::state.eq("running"));
    if let Some(cursor) = cursor {
        diesel::update(row())
            .set((
                bulk_orders::part.eq(None::<Vec<Uuid>>),
                bulk_orders::cursor_id.eq(cursor),
                bulk_orders::done.eq(bulk_orders::done + done),
                bulk_orders::skipped.eq(bulk_orders::skipped + skipped),
            ))
            .execute(conn)?;
    }
    match next_at {
        Some(next_at) => diesel::update(row()).set(bulk_orders::next_at.eq(next_at)).execute(conn)?,
        None => {
            diesel::update(row()).set((bulk_orders::state.eq("finished"), bulk_orders::finished_at.eq(now))).execute(conn)?
        }
    };
    Ok(())
}

/// Forgets orders that ended before `before`.
pub fn bulk_sweep(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(bulk_orders::table.filter(bulk_orders::finished_at.lt(before))).execute(conn)?)
}

/// How many orders a workspace has that are being carried out.
pub fn bulk_running(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    let running = bulk_orders::table.filter(bulk_orders::workspace_id.eq(workspace.0)).filter(bulk_orders::state.eq("running"));
    Ok(running.select(count_star()).first(conn)?)
}
