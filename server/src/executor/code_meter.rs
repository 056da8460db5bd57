//! How long code steps ran, per workspace, until a beat of the node writes it down: a server that is killed forgets some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidemill_common::ids::WorkspaceId;

/// Sums up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CodeMeter(Arc<Mutex<HashMap<WorkspaceId, Duration>>>);

impl CodeMeter {
    /// A code step of the workspace ran for so long.
    pub fn add(&self, workspace: WorkspaceId, time: Duration) {
        if time > Duration::ZERO {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(workspace).or_default() += time;
        }
    }

    /// What was summed up since it was last taken.
    #[must_use]
    pub fn take(&self) -> HashMap<WorkspaceId, Duration> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_gone() {
        let (meter, workspace) = (CodeMeter::default(), WorkspaceId(uuid::Uuid::nil()));
        meter.add(workspace, Duration::from_millis(20));
        meter.add(workspace, Duration::from_millis(5));
        assert_eq!(meter.take().into_values().collect::<Vec<_>>(), [Duration::from_millis(25)]);
        assert!(meter.take().is_empty());
    }
}
