//! What lies over a screen and takes its keys: palette, help, messages, a question, a form, the filter line.

use chrono::{DateTime, Utc};
use tidemill_common::ids::ExecutionId;

use super::form::{DEAF, Form};
use super::line::Line;
use super::look::Token;
use super::views::{Column, Order, View};
use crate::app::action::Action;
use crate::app::order;

/// An overlay.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// The palette or the help.
    Picker(Picker),
    /// Past messages; the number is the first one that is visible.
    Messages(usize),
    /// A question.
    Confirm(Confirm),
    /// Fields that are filled in.
    Form(Box<Form>),
    /// Something to read.
    Note(Note),
    /// The filter line, with what is wrong with it.
    Filter(Line, Option<String>),
}

/// A list that is searched by typing.
#[derive(Debug, Clone, PartialEq)]
pub struct Picker {
    /// Only the keys of this screen, or everything there is.
    pub kind: PickerKind,
    /// What was typed.
    pub query: Line,
    /// What can be chosen; `query` narrows it.
    pub items: Vec<Item>,
    /// The place of the cursor among those that match.
    pub cursor: usize,
}

/// Which picker it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickerKind {
    /// `:`
    Palette,
    /// `?`
    Help,
    /// `s`
    Sort,
    /// `V`
    Views,
    /// `c`
    Columns,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What choosing it does.
    pub target: Target,
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The keys that do the same.
    pub keys: String,
    /// Why it can't be chosen now.
    pub disabled: Option<String>,
}

/// What choosing an item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Does the action.
    Action(Action),
    /// Opens the execution.
    Execution(ExecutionId),
    /// Shows the workflow.
    Workflow(String),
    /// Orders the list by the column.
    Column(usize),
    /// Shows the executions like this.
    View(View),
    /// Keeps how the executions are shown.
    KeepView,
    /// Forgets the view of this name.
    ForgetView(String),
    /// Leaves the column of the executions out, or takes it in again.
    Shown(Column),
    /// Orders the executions.
    Order(Order),
}

impl Picker {
    /// The items that match what was typed, best first.
    pub fn matches(&self) -> Vec<&Item> {
        let query = self.query.text();
        let mut scored: Vec<(u32, &Item)> =
            self.items.iter().filter_map(|item| score(query, item).map(|s| (s, item))).collect();
        scored.sort_by_key(|(score, _)| *score);
        scored.into_iter().map(|(_, item)| item).collect()
    }
}

/// How badly `query` matches: the name before the description, the beginning before the middle. `None`: not at all.
fn score(query: &str, item: &Item) -> Option<u32> {
    let query = query.trim().to_lowercase();
    let name = item.name.to_lowercase();
    if query.is_empty() || item.keys.split(' ').any(|key| key == query) {
        return Some(0);
    }
    if name.starts_with(&query) {
        return Some(1);
    }
    if name.contains(&query) {
        return Some(2);
    }
    if item.about.to_lowercase().contains(&query) {
        return Some(4);
    }
    let mut rest = name.chars();
    query.chars().all(|wanted| rest.any(|c| c == wanted)).then_some(3)
}

/// A question whose default is no.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub question: String,
    /// The action that asked: it is checked again before anything is sent.
    pub action: Action,
    /// What yes sends.
    pub orders: Vec<order::Order>,
    /// When it was asked: keys that were already on their way are not an answer.
    pub at: DateTime<Utc>,
}

impl Confirm {
    /// Whether the question has been on screen long enough to have been read.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.at >= DEAF
    }
}

/// Something to read, in a window.
#[derive(Clone, PartialEq)]
pub struct Note {
    /// What it is.
    pub title: String,
    /// Its lines.
    pub lines: Vec<(Token, String)>,
    /// What `y` copies, if something.
    pub copy: Option<String>,
    /// Whether it is shown this one time: it goes on no tape.
    pub secret: bool,
    /// What is asked when it has been read, if something.
    pub then: Option<Box<Form>>,
    /// The first line that is visible.
    pub scroll: usize,
}

/// What is shown one time stays out of every log.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines = if self.secret { &[] } else { self.lines.as_slice() };
        f.debug_struct("Note").field("title", &self.title).field("lines", &lines).finish_non_exhaustive()
    }
}
