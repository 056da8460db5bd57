//! Fires schedules when they are due.

use std::time::Duration;

use super::Background;

/// The longest time between two looks: how late this node sees a schedule that another node activated.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    loop {
        let pause = match background.schedules.fire_due().await {
            Ok(Some(next)) => {
                // At least a moment, so that a trigger which can't be fired does not keep the loop spinning.
                let until = (next - background.clock.now()).to_std().unwrap_or_default();
                until.clamp(Duration::from_millis(100), LOOK)
            }
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "schedules can't be read: the database can't be reached"
                );
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.schedules_changed.notified() => {}
        }
    }
}
