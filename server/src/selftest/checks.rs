//! What was looked at, and what of it is not as promised.

use serde::Serialize;

/// Violations that are kept word by word; the others are counted.
const EXAMPLES: usize = 5;

/// One promise.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// The promise.
    pub promise: &'static str,
    /// How many things were looked at.
    pub looked_at: u64,
    /// How many of them break it.
    pub violations: u64,
    /// The first of these, in words.
    pub examples: Vec<String>,
}

impl Check {
    /// Nothing was looked at yet.
    pub(super) fn new(promise: &'static str) -> Self {
        Self { promise, looked_at: 0, violations: 0, examples: Vec::new() }
    }

    /// One more thing was looked at.
    pub(super) fn look(&mut self, violation: Option<String>) {
        self.looked_at += 1;
        if let Some(violation) = violation {
            self.violations += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(violation);
            }
        }
    }

    /// One more thing was looked at; it is as promised when `holds`.
    pub(super) fn expect(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        self.look((!holds).then(violation));
    }
}
