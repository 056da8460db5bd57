//! Rows of a listing, as data: what each cell holds, and what stands beside the row.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidemill_common::ids::ExecutionId;

use super::Subject;
use crate::app::state::look::Token;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Its least width.
    pub width: u16,
    /// Its share of the room that is left; 0 for a column of a fixed width.
    pub grow: u16,
    /// Whether it is set to the right.
    pub right: bool,
    /// The list's width from which on it is shown.
    pub from: u16,
}

impl Column {
    /// A column of a fixed width.
    pub const fn fixed(title: &'static str, width: u16) -> Self {
        Self { title, width, grow: 0, right: false, from: 0 }
    }

    /// A column of numbers or times, set to the right.
    pub const fn number(title: &'static str, width: u16) -> Self {
        Self { title, width, grow: 0, right: true, from: 0 }
    }

    /// A column that takes `grow` shares of the room that is left.
    pub const fn text(title: &'static str, width: u16, grow: u16) -> Self {
        Self { title, width, grow, right: false, from: 0 }
    }

    /// The same column, shown only where the list is at least `from` columns wide.
    pub const fn from(self, from: u16) -> Self {
        Self { from, ..self }
    }
}

/// What a cell holds. Words for people are made of it when it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    None,
    /// Text.
    Text(String),
    /// A number of things.
    Count(i64),
    /// A duration in milliseconds.
    Millis(i64),
    /// A share from 0 to 1.
    Share(f64),
    /// A time that was.
    Past(DateTime<Utc>),
    /// A time to come.
    Next(DateTime<Utc>),
    /// A number with words of its own: bytes, money, a limit that there may not be.
    Amount(i64, String),
    /// A share from 0 on, as a bar; beyond 1 it is full.
    Bar(f64),
}

impl Value {
    /// Which of two values of one column comes first; nothing comes last.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Count(a), Self::Count(b))
            | (Self::Millis(a), Self::Millis(b))
            | (Self::Amount(a, _), Self::Amount(b, _)) => a.cmp(b),
            (Self::Share(a), Self::Share(b)) | (Self::Bar(a), Self::Bar(b)) => a.total_cmp(b),
            (Self::Past(a) | Self::Next(a), Self::Past(b) | Self::Next(b)) => a.cmp(b),
            (Self::None, Self::None) => Ordering::Equal,
            (Self::None, _) => Ordering::Greater,
            (_, Self::None) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What it holds.
    pub value: Value,
    /// What that means; `None` for nothing special.
    pub token: Option<Token>,
}

impl Cell {
    /// A cell without a special meaning.
    pub fn new(value: Value) -> Self {
        Self { value, token: None }
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Value::Text(text.into()))
    }

    /// A time that was, if there is one.
    pub fn past(at: Option<DateTime<Utc>>) -> Self {
        Self::new(at.map_or(Value::None, Value::Past)).with(Token::Muted)
    }

    /// A time to come, if there is one.
    pub fn next(at: Option<DateTime<Utc>>) -> Self {
        Self::new(at.map_or(Value::None, Value::Next))
    }

    /// Text, if there is any.
    pub fn some(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(|| Self::new(Value::None), Self::text).with(Token::Muted)
    }

    /// The same with a meaning.
    pub fn with(self, token: Token) -> Self {
        Self { token: Some(token), ..self }
    }
}

/// What is said of the selected row beside the list, or below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// What it says.
    pub text: String,
    /// What that means.
    pub token: Option<Token>,
}

/// What opening a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    /// An execution.
    Execution(ExecutionId),
    /// A workflow.
    Workflow(String),
    /// Another listing.
    Listing(Subject),
    /// Another workspace, by its slug: the whole screen goes there.
    Workspace(String),
}

/// A line that stands above the rows, and what it means.
pub type Line = (Token, String);

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What names it, for people and in commands.
    pub id: String,
    /// One cell per column.
    pub cells: Vec<Cell>,
    /// What is said of it beside the list.
    pub facts: Vec<Fact>,
    /// What opening it shows.
    pub opens: Option<Opens>,
    /// The command line that shows the same.
    pub command: String,
    /// The address of what it is about; one that begins with a slash is the server's.
    pub address: Option<String>,
    /// As the server gave it.
    pub json: serde_json::Value,
}

impl Entry {
    /// A row made of `source`.
    pub fn new(id: impl Into<String>, command: impl Into<String>, source: &impl Serialize) -> Self {
        let json = serde_json::to_value(source).unwrap_or_default();
        Self { id: id.into(), cells: Vec::new(), facts: Vec::new(), opens: None, command: command.into(), address: None, json }
    }

    /// Adds cells, from left to right.
    pub fn cells(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.cells.extend(cells);
        self
    }

    /// Adds a fact.
    pub fn fact(mut self, label: &'static str, text: impl Into<String>) -> Self {
        self.facts.push(Fact { label, text: text.into(), token: None });
        self
    }

    /// Adds a fact that is worth a look.
    pub fn marked(mut self, label: &'static str, text: impl Into<String>, token: Token) -> Self {
        self.facts.push(Fact { label, text: text.into(), token: Some(token) });
        self
    }

    /// Adds a fact, if it is known.
    pub fn known(self, label: &'static str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.fact(label, text),
            None => self,
        }
    }

    /// Adds a fact that is an address: terminals open it, and `y p` copies it.
    pub fn address(mut self, label: &'static str, address: impl Into<String>) -> Self {
        let address = address.into();
        self.address = Some(address.clone());
        self.fact(label, address)
    }

    /// Says what opening it shows.
    pub fn opens(self, opens: Opens) -> Self {
        Self { opens: Some(opens), ..self }
    }

    /// Whether every word is in what the row says.
    pub fn contains(&self, words: &[String]) -> bool {
        let in_cell = |word: &String| {
            self.cells.iter().any(|cell| matches!(&cell.value, Value::Text(text) if text.to_lowercase().contains(word)))
        };
        words.iter().all(|word| self.id.to_lowercase().contains(word) || in_cell(word))
    }
}

/// A time in full.
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
