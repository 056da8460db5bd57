//! Rolls up metrics of finished executions, behind the feed and out of its way.

use std::time::{Duration, Instant};

use super::Background;
use crate::store::Error;
use crate::store::queries::rollup;

/// Rows of the feed that are rolled up at once.
const BATCH: i64 = 50;
/// The time between two looks when there is nothing to do.
const LOOK: Duration = Duration::from_secs(10);
/// How many times as long as a round took the loop rests: it takes a fifth of one core of the database at most.
const REST: u32 = 4;

pub(super) async fn run(background: Background) {
    loop {
        let begin = Instant::now();
        let pause = match rollup_round(&background).await {
            Ok(0) => LOOK,
            Ok(_) => begin.elapsed() * REST,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "metrics can't be rolled up; trying again");
                LOOK
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Rolls up the next rows of the feed. Returns how many.
pub async fn rollup_round(background: &Background) -> Result<i64, Error> {
    background.database.engine(|connection| rollup::roll_up(connection, BATCH)).await
}
