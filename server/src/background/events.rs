//! Tells event triggers what has happened.

use std::time::Duration;

use super::Background;

/// Between two looks while somebody listens.
const LISTENING: Duration = Duration::from_secs(1);

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    loop {
        let pause = match background.events.tell().await {
            Ok((_, true)) => Some(Duration::ZERO),
            Ok((0, false)) => None,
            Ok(_) => Some(LISTENING),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "events can't be read: the database can't be reached");
                Some(LISTENING)
            }
        };
        let rest = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                // Nobody listens; a beat sees a trigger that was activated through another node.
                None => while pulse.changed().await.is_ok() && !pulse.borrow_and_update().listeners {},
            }
        };
        tokio::select! {
            () = rest => {}
            () = background.events_changed.notified() => {}
        }
    }
}
