//! How a thing looks as one line.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::Tone;
use crate::cli::time::age;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, in capitals.
    pub title: &'static str,
    /// Whether only `wide` and `tsv` show it.
    pub wide: bool,
}

impl Column {
    /// A column that every table shows.
    #[must_use]
    pub const fn new(title: &'static str) -> Self {
        Self { title, wide: false }
    }

    /// A column for `wide` and `tsv` only.
    #[must_use]
    pub const fn wide(title: &'static str) -> Self {
        Self { title, wide: true }
    }
}

/// One value: for people and for programs.
#[derive(Debug, Clone)]
pub struct Cell {
    /// As a table shows it.
    pub human: String,
    /// As `tsv` shows it.
    pub exact: String,
    /// What it means.
    pub tone: Tone,
}

impl Cell {
    /// The same text for everybody.
    pub fn text(text: impl Into<String>) -> Self {
        let human = text.into();
        Self { exact: human.clone(), human, tone: Tone::Plain }
    }

    /// A text that may be absent.
    pub fn optional(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(|| Self { human: "<none>".to_owned(), exact: String::new(), tone: Tone::Dim }, Self::text)
    }

    /// One text for people, another for programs.
    pub fn both(human: impl Into<String>, exact: impl Into<String>) -> Self {
        Self { human: human.into(), exact: exact.into(), tone: Tone::Plain }
    }

    /// A time: its age for people, RFC 3339 for programs.
    #[must_use]
    pub fn at(now: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        Self::both(age(now, at), rfc3339(at))
    }

    /// The same with a meaning.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// A time for programs: RFC 3339 in UTC, to the millisecond.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Something that lists show.
pub trait Row: Serialize {
    /// What it is, in the singular.
    const KIND: &'static str;
    /// Its columns: the id first, the age last.
    const COLUMNS: &'static [Column];

    /// What names it in commands.
    fn id(&self) -> String;

    /// One cell per column.
    fn cells(&self, now: DateTime<Utc>) -> Vec<Cell>;
}
