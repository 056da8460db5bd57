//! Orders that are under way: how many are done, how many failed and why.

/// What is known of the orders that were sent together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// How many were sent.
    pub total: usize,
    /// How many were carried out.
    pub done: usize,
    /// How many were refused.
    pub failed: usize,
    /// Why the last one was refused.
    pub error: String,
    /// What happens to them: `cancelled`.
    pub verbed: &'static str,
}

impl Batch {
    /// So many more orders are under way.
    pub fn begin(&mut self, orders: usize, verbed: &'static str) {
        if self.is_over() {
            *self = Self::default();
        }
        self.total += orders;
        self.verbed = verbed;
    }

    /// One was carried out, or was refused because of `error`.
    pub fn end(&mut self, error: Option<&str>) {
        match error {
            Some(error) => {
                self.failed += 1;
                error.clone_into(&mut self.error);
            }
            None => self.done += 1,
        }
    }

    /// Whether nothing is under way.
    pub fn is_over(&self) -> bool {
        self.done + self.failed >= self.total
    }

    /// What there is to say about several orders: `37 of 40 cancelled, 3 refused: …`.
    pub fn text(&self) -> String {
        let refused = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} refused: {}", self.error),
        };
        format!("{} of {} {}{refused}", self.done, self.total, self.verbed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_until_all_are_done() {
        let mut batch = Batch::default();
        assert!(batch.is_over());
        batch.begin(3, "cancelled");
        batch.end(None);
        batch.end(Some("it has ended"));
        assert!(!batch.is_over());
        batch.end(None);
        assert!(batch.is_over());
        assert_eq!(batch.text(), "2 of 3 cancelled, 1 refused: it has ended");
        batch.begin(1, "paused");
        assert_eq!((batch.total, batch.done), (1, 0));
    }
}
