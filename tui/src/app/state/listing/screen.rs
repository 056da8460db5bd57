//! The state of a listing: rows as they were read, a filter, an order, a cursor.

use chrono::{DateTime, TimeDelta, Utc};

use super::audit::AuditFilter;
use super::entry::{Entry, Line, Value};
use super::subject::Subject;
use crate::app::data::Data;
use crate::app::event::Failure;
use crate::app::state::Root;
use crate::app::state::list::List;
use crate::app::state::load::Load;

/// What has no feed is read again this often while it is on screen.
pub const EVERY: TimeDelta = TimeDelta::seconds(10);

/// By which column rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The place of the column.
    pub column: usize,
    /// Whether the greatest comes first.
    pub falling: bool,
}

/// The screen's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// What is listed.
    pub subject: Subject,
    /// Words that a row must contain.
    pub filter: String,
    /// By which column the rows are ordered; as the server gave them when absent.
    pub sort: Option<Sort>,
    /// How far loading has come.
    pub load: Load,
    /// When it was asked for, or last answered.
    pub asked: DateTime<Utc>,
    /// The rows that are shown, by id.
    pub list: List<String>,
    /// What is said above them.
    pub banner: Vec<Line>,
    entries: Vec<Entry>,
}

impl Listing {
    /// A listing that nothing is known of yet.
    pub fn new(subject: Subject, now: DateTime<Utc>) -> Self {
        let mut load = Load::default();
        load.begin(now);
        let (filter, list) = (String::new(), List::default());
        Self { subject, filter, sort: None, load, asked: now, list, banner: Vec::new(), entries: Vec::new() }
    }

    /// Takes what was read, or why it was not.
    pub fn put(&mut self, now: DateTime<Utc>, result: Result<&Data, Failure>) {
        self.asked = now;
        if let Some(data) = self.load.end(result) {
            self.entries = self.subject.entries(data, now);
            self.banner = self.subject.banner(data, now);
            self.refresh();
        }
    }

    /// Takes another filter.
    ///
    /// # Errors
    ///
    /// Says what would be right; the filter stays as it was.
    pub fn set_filter(&mut self, text: &str) -> Result<(), String> {
        if let Subject::Audit(wanted) = &mut self.subject {
            *wanted = AuditFilter::read(text)?.0;
        }
        text.clone_into(&mut self.filter);
        Ok(())
    }

    /// The words that a row must contain: what is left of the filter when its terms are taken out.
    fn words(&self) -> Vec<String> {
        match &self.subject {
            Subject::Audit(_) => AuditFilter::read(&self.filter).map(|(_, words)| words).unwrap_or_default(),
            _ => self.filter.split_whitespace().map(str::to_lowercase).collect(),
        }
    }

    fn passes(&self, entry: &Entry, words: &[String]) -> bool {
        let terms = match &self.subject {
            Subject::Audit(wanted) => wanted.passes(entry),
            _ => true,
        };
        terms && entry.contains(words)
    }

    /// Applies filter and order anew.
    pub fn refresh(&mut self) {
        let words = self.words();
        let mut shown: Vec<&Entry> = self.entries.iter().filter(|entry| self.passes(entry, &words)).collect();
        if let Some(Sort { column, falling }) = self.sort {
            shown.sort_by(|a, b| match (a.cells.get(column), b.cells.get(column)) {
                (Some(a), Some(b)) if falling => b.value.order(&a.value),
                (Some(a), Some(b)) => a.value.order(&b.value),
                _ => std::cmp::Ordering::Equal,
            });
        }
        let keys = shown.into_iter().map(|entry| entry.id.clone()).collect();
        self.list.set_keys(keys);
    }

    /// The row called `id`.
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The row under the cursor.
    pub fn selected(&self) -> Option<&Entry> {
        self.get(self.list.selected()?)
    }

    /// Every row that was read.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many rows stand above the headings: the tabs of its family, and what is said of all rows.
    pub fn above(&self) -> u16 {
        let tabs = Root::of(&self.subject).is_some_and(|root| !root.family().is_empty());
        u16::try_from(self.banner.len()).unwrap_or(0) + u16::from(tabs)
    }

    /// Whether a time to come is on screen.
    pub fn shows_countdown(&self) -> bool {
        self.entries.iter().flat_map(|entry| &entry.cells).any(|cell| matches!(cell.value, Value::Next(_)))
    }

    /// When it is to be read again.
    pub fn due(&self) -> DateTime<Utc> {
        self.asked + EVERY
    }
}
