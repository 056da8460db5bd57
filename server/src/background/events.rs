//! Tells event triggers what has happened.

use std::time::Duration;

use super::Background;

/// Between two looks while somebody listens.
const LISTENING: Duration = Duration::from_secs(1);
/// Between two looks while nobody does.
const IDLE: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    loop {
        let pause = match background.events.tell().await {
            Ok((_, true)) => Duration::ZERO,
            Ok((0, false)) => IDLE,
            Ok(_) => LISTENING,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "events can't be read: the database can't be reached");
                LISTENING
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.events_changed.notified() => {}
        }
    }
}
