//! What a step has printed so far.

use std::sync::{Arc, Mutex, PoisonError};

/// Grows while a step runs. Whoever ends the step early still reads here what it printed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Printed(Arc<Mutex<String>>);

impl Printed {
    /// Adds `text`.
    pub(super) fn push(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    /// Takes what was printed since it was last taken.
    #[must_use]
    pub fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_gone() {
        let printed = Printed::default();
        let elsewhere = printed.clone();
        printed.push("one\n");
        printed.push("two\n");
        assert_eq!(elsewhere.take(), "one\ntwo\n");
        assert_eq!(printed.take(), "");
    }
}
