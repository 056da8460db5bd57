//! One thing that the doctor looked at, and what to do about it.

use std::error::Error;

use serde::Serialize;

/// An error and why it came about, in one line.
pub(super) fn with_cause(error: &dyn Error) -> String {
    let mut whole = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        whole = format!("{whole}: {error}");
        cause = error.source();
    }
    whole
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// As it should be.
    Ok,
    /// It works, and there is something to be done.
    Warning,
    /// It doesn't work.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// Its stable name.
    pub(super) check: &'static str,
    pub(super) level: Level,
    /// What was found.
    pub(super) what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn good(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, what: what.into(), advice: None }
    }

    pub(super) fn warning(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, what: what.into(), advice: Some(advice.into()) }
    }

    pub(super) fn bad(check: &'static str, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, level: Level::Error, what: what.into(), advice: Some(advice.into()) }
    }

    /// For people, on one or two lines.
    pub(super) fn print(&self) {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        println!("{level:<8} {}: {}", self.check, self.what);
        if let Some(advice) = &self.advice {
            println!("         {advice}");
        }
    }
}
