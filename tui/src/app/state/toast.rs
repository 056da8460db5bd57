//! Messages: the newest is on screen for a while, all are kept for `g m`.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

const MOST: usize = 100;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// For information.
    Plain,
    /// It went wrong.
    Bad,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// When it came.
    pub at: DateTime<Utc>,
    /// How it is meant.
    pub tone: Tone,
    /// What it says.
    pub text: String,
}

/// The messages, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Toasts {
    all: VecDeque<Toast>,
}

impl Toasts {
    /// Adds a message.
    pub fn push(&mut self, at: DateTime<Utc>, tone: Tone, text: impl Into<String>) {
        if self.all.len() == MOST {
            self.all.pop_front();
        }
        self.all.push_back(Toast { at, tone, text: text.into() });
    }

    /// The message to show now, if there is one.
    pub fn current(&self, now: DateTime<Utc>) -> Option<&Toast> {
        self.all.back().filter(|toast| now < expiry(toast))
    }

    /// When the message that is shown goes away.
    pub fn next_change(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.current(now).map(expiry)
    }

    /// Every message that is kept, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Toast> {
        self.all.iter().rev()
    }
}

fn expiry(toast: &Toast) -> DateTime<Utc> {
    let seconds = if toast.tone == Tone::Bad { 10 } else { 5 };
    toast.at + TimeDelta::seconds(seconds)
}
