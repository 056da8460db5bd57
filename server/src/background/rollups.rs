//! Rolls up metrics of finished executions, behind the feed and out of its way.

use std::time::Instant;

use super::Background;
use crate::store::Error;
use crate::store::queries::rollup;

/// Rows of the feed that are rolled up at once.
const BATCH: i64 = 50;
/// How many times as long as a round took the loop rests: it takes a fifth of one core of the database at most.
const REST: u32 = 4;

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let begin = Instant::now();
        match rollup_round(&background).await {
            Ok(1..) => {
                tokio::time::sleep(begin.elapsed() * REST).await;
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "metrics can't be rolled up; trying again");
            }
        }
        // A beat sees whether there is more.
        while pulse.changed().await.is_ok() && !pulse.borrow_and_update().to_roll_up {}
    }
}

/// Rolls up the next rows of the feed. Returns how many.
async fn rollup_round(background: &Background) -> Result<i64, Error> {
    background.database.engine(|connection| rollup::roll_up(connection, BATCH)).await
}
