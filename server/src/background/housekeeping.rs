//! Keeps partitions ahead and forgets what is only kept for a while.

use std::time::Duration;

use chrono::TimeDelta;

use super::Background;
use crate::app::purge;
use crate::store::Error;
use crate::store::queries::{
    billing, bulk_order, condition, dead_letter, feed, idempotency, partition, queue, refused_delivery, rollup, sign_in,
    step_wait, subscription_round, version,
};

/// Days of partitions that are made ahead.
const DAYS_AHEAD: i32 = 7;
/// How long the feed reaches back: how long a subscriber may be away and still resume.
const FEED: TimeDelta = TimeDelta::hours(24);
/// How long metrics are kept.
const ROLLUPS: TimeDelta = TimeDelta::days(400);
/// How long an answer may lie for an execution that is no more.
const EARLY: TimeDelta = TimeDelta::hours(1);
/// How long it is kept when executions under a rate limit began: longer than the longest span.
const RATES: TimeDelta = TimeDelta::days(32);
/// How long an item that is in no list any more is remembered.
const ITEMS: TimeDelta = TimeDelta::days(90);
/// How long events of Stripe are known: it sends none again after 30 days.
const STRIPE_EVENTS: TimeDelta = TimeDelta::days(60);
/// How long the log of deliveries to subscriptions is kept.
const TOLD: TimeDelta = TimeDelta::days(30);
/// Deliveries that are forgotten in one transaction.
const DELIVERIES: i64 = 20_000;
const EVERY: Duration = Duration::from_secs(60 * 60);

pub(super) async fn run(background: Background) {
    loop {
        if let Err(error) = retention_round(&background).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old executions can't be dropped; trying again in an hour"
            );
        }
        tokio::time::sleep(EVERY).await;
        if let Err(error) = housekeeping_round(&background).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "housekeeping failed; trying again in an hour");
        }
    }
}

/// One round of housekeeping. The first is part of the start.
pub async fn housekeeping_round(background: &Background) -> Result<(), Error> {
    let (now, dead_letters) = (background.clock.now(), background.retention.get().dead_letters);
    background
        .database
        .engine(move |connection| {
            let made = partition::create(connection, now.date_naive(), DAYS_AHEAD + 1)?;
            if made > 0 {
                tracing::debug!(made, "partitions made ahead");
            }
            feed::forget(connection, now - FEED)?;
            idempotency::idempotency_sweep(connection, now)?;
            dead_letter::dead_letter_sweep(connection, now - dead_letters)?;
            step_wait::sweep(connection, now - EARLY)?;
            bulk_order::bulk_sweep(connection, now - dead_letters)?;
            queue::rate_starts_sweep(connection, now - RATES)?;
            rollup::sweep(connection, now - ROLLUPS)?;
            sign_in::sign_in_sweep(connection, now)?;
            version::tested_sweep(connection, now)?;
            condition::forget_items(connection, now - ITEMS)?;
            refused_delivery::refused_delivery_sweep(connection, now - dead_letters)?;
            billing::stripe_event_sweep(connection, now - STRIPE_EVENTS)?;
            subscription_round::sweep(connection, now - TOLD)?;
            Ok(())
        })
        .await?;
    purge(&background.database, &*background.clock).await
}

/// Drops the days that are older than the retention, each in a transaction of its own. A day of which an execution is still under way stays, whole,
/// until that one has ended.
async fn retention_round(background: &Background) -> Result<(), Error> {
    let before = background.clock.now() - background.retention.get().executions;
    let expired = background.database.engine(move |connection| partition::expired(connection, before.date_naive())).await?;
    for row in expired {
        let day = row.day;
        if row.is_live {
            tracing::info!(%day, "a day is older than the retention and stays: an execution of it is still under way");
            continue;
        }
        background.database.engine(move |connection| partition::drop_day(connection, day)).await?;
        tracing::info!(%day, "the executions of a day were dropped");
    }
    let forget = move |connection: &mut _| partition::forget_deliveries(connection, before, DELIVERIES);
    while background.database.engine(forget).await? > 0 {}
    Ok(())
}
