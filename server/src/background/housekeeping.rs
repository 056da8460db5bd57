//! Keeps partitions ahead and forgets what is only kept for a while.

use std::time::Duration;

use chrono::TimeDelta;

use super::Background;
use crate::store::Error;
use crate::store::queries::{bulk_order, condition, dead_letter, feed, idempotency, queue, rollup, version};

/// Days of partitions that are made ahead.
const DAYS_AHEAD: i32 = 7;
/// How long the feed reaches back: how long a subscriber may be away and still resume.
const FEED: TimeDelta = TimeDelta::hours(24);
/// How long metrics are kept.
const ROLLUPS: TimeDelta = TimeDelta::days(400);
/// How long it is kept when executions under a rate limit began: longer than the longest span.
const RATES: TimeDelta = TimeDelta::days(32);
/// How long dead letters are kept, and orders about many executions.
const DEAD_LETTERS: TimeDelta = TimeDelta::days(90);
/// How long an item that is in no list any more is remembered.
const ITEMS: TimeDelta = TimeDelta::days(90);
const EVERY: Duration = Duration::from_secs(60 * 60);

pub(super) async fn run(background: Background) {
    loop {
        if let Err(error) = housekeeping_round(&background).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "housekeeping failed; trying again in an hour");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One round of housekeeping.
pub async fn housekeeping_round(background: &Background) -> Result<(), Error> {
    let now = background.clock.now();
    background
        .database
        .engine(move |connection| {
            let made = queue::create_partitions(connection, now.date_naive(), DAYS_AHEAD + 1)?;
            if made > 0 {
                tracing::debug!(made, "partitions made ahead");
            }
            feed::forget(connection, now - FEED)?;
            idempotency::idempotency_sweep(connection, now)?;
            dead_letter::dead_letter_sweep(connection, now - DEAD_LETTERS)?;
            bulk_order::bulk_sweep(connection, now - DEAD_LETTERS)?;
            queue::rate_starts_sweep(connection, now - RATES)?;
            rollup::sweep(connection, now - ROLLUPS)?;
            version::tested_sweep(connection, now)?;
            condition::forget_items(connection, now - ITEMS)?;
            Ok(())
        })
        .await
}
