//! A workspace's subscriptions, and the log of their deliveries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use tidemill_common::ids::{SubscriptionDeliveryId, SubscriptionId, WorkspaceId};
use uuid::Uuid;

use crate::store::Error;
use crate::store::rows::subscription::{Subscription, SubscriptionDelivery};
use crate::store::schema::{event_subscriptions, subscription_deliveries};

/// The subscriptions, oldest first.
pub fn subscription_list(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Vec<Subscription>, Error> {
    Ok(event_subscriptions::table
        .filter(event_subscriptions::workspace_id.eq(workspace.0))
        .order(event_subscriptions::id)
        .select(Subscription::as_select())
        .load(conn)?)
}

/// How many there are.
pub fn subscription_count(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<i64, Error> {
    Ok(event_subscriptions::table.filter(event_subscriptions::workspace_id.eq(workspace.0)).count().get_result(conn)?)
}

/// One subscription, locked until the end of the transaction. [`Error::NotFound`] when there is none.
pub fn subscription_lock(conn: &mut PgConnection, workspace: WorkspaceId, id: SubscriptionId) -> Result<Subscription, Error> {
    let found = event_subscriptions::table.find((workspace.0, id.0)).select(Subscription::as_select());
    found.for_update().get_result(conn).optional()?.ok_or(Error::NotFound)
}

/// One subscription. [`Error::NotFound`] when there is none.
pub fn subscription_find(conn: &mut PgConnection, workspace: WorkspaceId, id: SubscriptionId) -> Result<Subscription, Error> {
    let found = event_subscriptions::table.find((workspace.0, id.0)).select(Subscription::as_select());
    found.get_result(conn).optional()?.ok_or(Error::NotFound)
}

/// Makes a subscription.
pub fn subscription_insert(conn: &mut PgConnection, row: &Subscription) -> Result<(), Error> {
    diesel::insert_into(event_subscriptions::table).values(row).execute(conn)?;
    Ok(())
}

/// Keeps what has changed.
pub fn subscription_update(conn: &mut PgConnection, row: &Subscription) -> Result<(), Error> {
    diesel::update(event_subscriptions::table.find((row.workspace_id, row.id))).set(row).execute(conn)?;
    Ok(())
}

/// Deletes a subscription and its deliveries. [`Error::NotFound`] when there is none.
pub fn subscription_delete(conn: &mut PgConnection, workspace: WorkspaceId, id: SubscriptionId) -> Result<(), Error> {
    let deleted = diesel::delete(event_subscriptions::table.find((workspace.0, id.0))).execute(conn)?;
    if deleted == 0 { Err(Error::NotFound) } else { Ok(()) }
}

/// What waits of a subscription comes to nothing, for this reason.
pub fn delivery_give_up(conn: &mut PgConnection, subscription: (Uuid, Uuid), reason: &str) -> Result<usize, Error> {
    let waiting = subscription_deliveries::table
        .filter(subscription_deliveries::workspace_id.eq(subscription.0))
        .filter(subscription_deliveries::subscription_id.eq(subscription.1))
        .filter(subscription_deliveries::next_at.is_not_null());
    Ok(diesel::update(waiting)
        .set((
            subscription_deliveries::state.eq("failed"),
            subscription_deliveries::next_at.eq(None::<DateTime<Utc>>),
            subscription_deliveries::error.eq(reason),
        ))
        .execute(conn)?)
}

/// Up to `limit` deliveries of a subscription before `before`, newest first, of one state or any.
pub fn delivery_list(
    conn: &mut PgConnection,
    (workspace, subscription): (WorkspaceId, SubscriptionId),
    (state, before): (Option<&str>, Option<Uuid>),
    limit: i64,
) -> Result<Vec<SubscriptionDelivery>, Error> {
    let mut rows = subscription_deliveries::table
        .filter(subscription_deliveries::workspace_id.eq(workspace.0))
        .filter(subscription_deliveries::subscription_id.eq(subscription.0))
        .order(subscription_deliveries::id.desc())
        .limit(limit)
        .select(SubscriptionDelivery::as_select())
        .into_boxed();
    if let Some(state) = state {
        rows = rows.filter(subscription_deliveries::state.eq(state.to_owned()));
    }
    if let Some(before) = before {
        rows = rows.filter(subscription_deliveries::id.lt(before));
    }
    Ok(rows.load(conn)?)
}

/// Adds a delivery.
pub fn delivery_insert(conn: &mut PgConnection, row: &SubscriptionDelivery) -> Result<(), Error> {
    diesel::insert_into(subscription_deliveries::table).values(row).execute(conn)?;
    Ok(())
}

/// Has a delivery that has ended tried again from the beginning, at `now`. None when it is still under way.
pub fn delivery_again(
    conn: &mut PgConnection,
    (workspace, subscription): (WorkspaceId, SubscriptionId),
    id: SubscriptionDeliveryId,
    now: DateTime<Utc>,
) -> Result<Option<SubscriptionDelivery>, Error> {
    let found = subscription_deliveries::table
        .find((workspace.0, id.0))
        .filter(subscription_deliveries::subscription_id.eq(subscription.0))
        .for_update()
        .select(SubscriptionDelivery::as_select())
        .get_result(conn)
        .optional()?
        .ok_or(Error::NotFound)?;
    if found.next_at.is_some() {
        return Ok(None);
    }
    let again = diesel::update(subscription_deliveries::table.find((workspace.0, id.0)))
        .set((
            subscription_deliveries::state.eq("waiting"),
            subscription_deliveries::attempts.eq(0),
            subscription_deliveries::next_at.eq(now),
        ))
        .returning(SubscriptionDelivery::as_returning())
        .get_result(conn)?;
    Ok(Some(again))
}
