//! Says every five seconds that this node lives, and hears what was wanted of its executions through other nodes.

use std::time::Duration;

use super::Background;

/// A third of a node's life.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(background: Background) {
    loop {
        let Background { queue, executor, clock, node_name, .. } = &background;
        match queue.heartbeat(node_name, executor.load(), clock.now()).await {
            Ok(requests) => {
                for (execution_id, request) in requests {
                    executor.pass_on(execution_id, request).await;
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "no heartbeat: the database can't be reached");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
