//! Replays dead letters whose turn has come.

use std::time::Duration;

use super::Background;

pub(super) async fn run(background: Background) {
    loop {
        let pause = match background.replays.round().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "dead letters can't be replayed just now; trying again"
                );
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.replays.ordered() => {}
        }
    }
}
