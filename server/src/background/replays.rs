//! Replays dead letters whose turn has come.

use std::time::Duration;

use super::Background;

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let pause = match background.replays.round().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "dead letters can't be replayed just now; trying again"
                );
                Some(Duration::from_secs(1))
            }
        };
        let rest = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                // Nothing waits; a beat sees what is ordered elsewhere.
                None => while pulse.changed().await.is_ok() && !pulse.borrow_and_update().replays {},
            }
        };
        tokio::select! {
            () = rest => {}
            () = background.replays.ordered() => {}
        }
    }
}
