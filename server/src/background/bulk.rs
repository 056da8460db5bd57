//! Carries out orders about many executions.

use std::time::Duration;

use super::Background;

pub(super) async fn run(background: Background) {
    loop {
        let pause = match background.bulk.round().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "an order about many executions can't be carried out just now; trying again"
                );
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = background.bulk.ordered() => {}
        }
    }
}
