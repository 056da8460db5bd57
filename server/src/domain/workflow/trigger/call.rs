//! Calls by other workflows of the workspace.

use std::sync::Arc;

/// Steps of other workflows may call this one.
#[derive(Debug)]
pub struct CallTrigger {
    /// The workflows that may; every one of the workspace when absent.
    pub callers: Option<Vec<Arc<str>>>,
}

impl CallTrigger {
    /// Whether the workflow `caller` may call.
    #[must_use]
    pub fn permits(&self, caller: &str) -> bool {
        self.callers.as_ref().is_none_or(|callers| callers.iter().any(|permitted| &**permitted == caller))
    }
}
