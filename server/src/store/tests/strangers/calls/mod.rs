//! The calls: each with what is ours, and the workspace that the caller says he is of.

mod engine;
mod people;
mod things;

use chrono::{DateTime, Utc};
use tidemill_common::ids::WorkspaceId;

use super::Shown;
use super::scene::Ours;
use crate::store::Connection;

/// Most rows that a list is asked for.
const MOST: i64 = 100;

/// What a function is for.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// It shows rows.
    Show,
    /// It makes, changes or deletes some.
    Change,
    /// It says something about one row, without any of its words.
    Tell,
    /// It says something about all rows of a workspace, without any of their words.
    Count,
}

/// A function, and how it is called.
pub struct Call {
    /// The file and the function.
    pub name: &'static str,
    /// What it is for.
    pub does: Does,
    /// Calls it.
    pub make: fn(&mut Connection, WorkspaceId, &Ours) -> Shown,
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Call> {
    [engine::CALLS, people::CALLS, things::CALLS].into_iter().flatten()
}
