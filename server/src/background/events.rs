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
            // Nobody listens: the beat says when somebody does.
            Ok((0, false)) => None,
            Ok(_) => Some(LISTENING),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "events can't be read: the database can't be reached");
                Some(LISTENING)
            }
        };
        let somebody_listens = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                // What the last beat saw may be over by now.
                None => while pulse.changed().await.is_ok() && !pulse.borrow_and_update().listens {},
            }
        };
        tokio::select! {
            () = somebody_listens => {}
            () = background.events_changed.notified() => {}
        }
    }
}
