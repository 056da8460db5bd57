//! Looks at conditions when their checks are due.

use std::time::Duration;

use tokio::task::JoinSet;

use super::Background;

/// The longest time between two looks: how late this node sees a condition that another node activated.
const LOOK: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    let mut checks = JoinSet::new();
    loop {
        while checks.try_join_next().is_some() {}
        let pause = match background.conditions.check_due(&mut checks).await {
            Ok(Some(next)) => {
                let until = (next - background.clock.now()).to_std().unwrap_or_default();
                until.clamp(Duration::from_millis(100), LOOK)
            }
            Ok(None) => LOOK,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "conditions can't be read: the database can't be reached"
                );
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.conditions_changed.notified() => {}
        }
    }
}
