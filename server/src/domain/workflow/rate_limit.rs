//! How many executions of a workflow may begin within a time.

use std::time::Duration;

use super::expression::Template;

/// The `rate_limit` of a workflow.
#[derive(Debug)]
pub struct RateLimit {
    /// Renders to the key; one key for the whole workflow when absent.
    pub key: Option<Template>,
    /// How many executions of a key may begin …
    pub limit: u32,
    /// … within any span of this length.
    pub per: Duration,
}
