//! Tells subscriptions what has happened, and delivers it.

use std::time::Duration;

use tokio::task::JoinSet;

use super::Background;

/// Between two looks while there are subscriptions.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(background: Background) {
    let mut pulse = background.pulse.subscribe();
    let mut attempts = JoinSet::new();
    loop {
        while attempts.try_join_next().is_some() {}
        let told = match background.subscriptions.tell().await {
            Ok(told) => background.subscriptions.deliver_due(&mut attempts).await.map(|()| told),
            Err(error) => Err(error),
        };
        let pause = match told {
            Ok((_, true)) => Some(Duration::ZERO),
            // There is none: the beat says when there is.
            Ok((0, false)) => None,
            Ok(_) => Some(LOOK),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "subscriptions can't be told: the database can't be reached"
                );
                Some(LOOK)
            }
        };
        let next = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                // What the last beat saw may be over by now.
                None => while pulse.changed().await.is_ok() && !pulse.borrow_and_update().subscribed {},
            }
        };
        tokio::select! {
            () = next => {}
            () = background.subscriptions.changed() => {}
        }
    }
}
