//! A form: fields that are filled in, and what is sent when they are. A question that is answered by typing a word is a
//! form too.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tidemill_common::ids::{ExecutionId, OrganizationId, SubscriptionId, UserId};

use super::Decision;
use super::line::Line;
use super::schema::Kind;
use crate::app::given::Given;
use crate::app::order::{Named, Order, Way};

/// Keys that were already on their way when a question appeared are no answer.
pub const DEAF: TimeDelta = TimeDelta::milliseconds(250);

/// A form.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What it does.
    pub title: String,
    /// What to know before sending it: the blast radius.
    pub notes: Vec<String>,
    /// The fields, from top to bottom.
    pub fields: Vec<Field>,
    /// The field that is being edited.
    pub at: usize,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What sending it does.
    pub purpose: Purpose,
    /// When it was opened.
    pub opened: DateTime<Utc>,
}

/// A field.
#[derive(Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub label: String,
    /// What was filled in.
    pub line: Line,
    /// What belongs there.
    pub help: String,
    /// What kind of value it takes.
    pub entry: Entry,
}

/// What is typed unseen stays out of every log.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.entry == Entry::Hidden { "…" } else { self.line.text() };
        f.debug_struct("Field").field("label", &self.label).field("text", &text).finish_non_exhaustive()
    }
}

/// What kind of value a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Any text.
    Text,
    /// Text that is never shown.
    Hidden,
    /// JSON.
    Json,
    /// One of these words; left and right choose.
    Choice(Vec<String>),
    /// Exactly this word: the user means it.
    Word(String),
    /// A value of the workflow's input.
    Input {
        /// Its type in the schema.
        kind: Kind,
        /// Whether the workflow needs it.
        required: bool,
    },
}

/// What sending a form does.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// Sends these orders: the user means it.
    Send(Vec<Order>),
    /// Starts an execution of the workflow: with JSON, or with the fields of its schema.
    Start(String),
    /// Tries the execution again; its old input is kept to see whether it was edited.
    Retry(ExecutionId, Value),
    /// Replays dead letters.
    Replay {
        /// These.
        ids: Vec<ExecutionId>,
        /// Or all with these causes, and how many of each there were when the form was opened.
        causes: Vec<(String, i64)>,
    },
    /// Discards dead letters.
    Discard {
        /// These.
        ids: Vec<ExecutionId>,
        /// Or all with these causes, and how many of each there were when the form was opened.
        causes: Vec<(String, i64)>,
    },
    /// Approves what a step waits for, or rejects it.
    Approval(Box<Decision>, bool),
    /// Decides about a step whose node was lost.
    Lost(Box<Decision>),
    /// Keeps a secret.
    Secret,
    /// Makes a token.
    Token,
    /// Names the workflow that is to be written.
    Write,
    /// Adds a member, or makes a service account.
    MemberAdd,
    /// Changes what the member of this name may do.
    MemberUpdate(UserId, String),
    /// Changes what the user of this name may do in the organization.
    UserRole(UserId, String),
    /// Makes a workspace.
    Workspace,
    /// Makes an organization.
    Organization,
    /// Puts the organization of this name on a plan.
    OrganizationPlan(OrganizationId, String),
    /// Gives it another name.
    Rename(Named),
    /// Writes a file.
    Save(Given),
    /// Sets another password.
    Password,
    /// Switches the second factor on or off.
    SecondFactor,
    /// Takes its first code.
    FirstCode,
    /// Signs a device in.
    Device,
    /// Makes an invite.
    Invite,
    /// Shares a thing.
    Share,
    /// Keeps a credential.
    Credential,
    /// Has an address told of events, or changes what the subscription of this name is told.
    Subscription(Option<(SubscriptionId, String)>),
    /// Notes what winning customers cost in a month.
    Spent,
    /// Makes or replaces a plan.
    PlanPut,
    /// Goes to a plan.
    Plan(String, Way),
    /// Asks how many executions an order would be about.
    Bulk,
    /// Names a view that is to be kept.
    View,
}

impl Field {
    /// A field of `entry` that holds `text`.
    pub fn new(label: &str, text: impl Into<String>, entry: Entry, help: impl Into<String>) -> Self {
        Self { label: label.to_owned(), line: Line::new(text), help: help.into(), entry }
    }

    /// A choice of `words`, the first one chosen.
    pub fn choice(label: &str, words: &[&str], help: &str) -> Self {
        let entry = Entry::Choice(words.iter().map(|&word| word.to_owned()).collect());
        Self::new(label, words.first().copied().unwrap_or_default(), entry, help)
    }

    /// The same with `text` filled in.
    pub fn with(mut self, text: impl Into<String>) -> Self {
        self.line = Line::new(text);
        self
    }

    /// Takes the next or the previous word of a choice.
    pub fn turn(&mut self, by: isize) {
        let Entry::Choice(words) = &self.entry else { return };
        let at = words.iter().position(|word| word == self.line.text()).unwrap_or(0);
        if let Some(word) = words.get(at.saturating_add_signed(by).min(words.len().saturating_sub(1))) {
            self.line = Line::new(word.clone());
        }
    }
}

impl Form {
    /// A form that was opened at `now`.
    pub fn new(title: impl Into<String>, purpose: Purpose, fields: Vec<Field>, now: DateTime<Utc>) -> Self {
        Self { title: title.into(), notes: Vec::new(), fields, at: 0, error: None, purpose, opened: now }
    }

    /// Adds what to know before sending it.
    pub fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// Whether it has been on screen long enough to have been read.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        now - self.opened >= DEAF
    }

    /// What was filled in under `label`.
    pub fn text(&self, label: &str) -> &str {
        self.fields.iter().find(|field| field.label == label).map_or("", |field| field.line.text().trim())
    }

    /// The field that is being edited.
    pub fn field(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.at)
    }

    /// Goes to the next or the previous field.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.fields.len().saturating_sub(1));
    }

    /// Complains about the field called `label`.
    pub fn complain(&mut self, label: &str, why: impl Into<String>) {
        self.at = self.fields.iter().position(|field| field.label == label).unwrap_or(self.at);
        self.error = Some(why.into());
    }
}
