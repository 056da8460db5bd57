//! Something that is looked at now and then, or whenever something happens: it fires when an expression becomes true, or for
//! every new item of a list.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::schedule::Schedule;
use crate::domain::workflow::expression::Expression;
use crate::domain::workflow::plan::{Listen, Work};

/// A check, and what makes it fire.
#[derive(Debug)]
pub struct ConditionTrigger {
    /// When it is looked.
    pub when: When,
    /// What is looked at; the event itself where there is none.
    pub check: Option<Check>,
    /// What must be true: of the `result`, and of each `item` where there are some.
    pub condition: Option<Expression>,
    /// Whether it fires when the condition becomes true, or whenever it is.
    pub on: On,
    /// After it has fired it doesn't for so long.
    pub cooldown: Duration,
    /// The list whose new items fire one by one.
    pub items: Option<Items>,
}

/// When a condition is looked at.
#[derive(Debug)]
pub enum When {
    /// On an interval.
    Every {
        /// The interval, as the file has it.
        interval: Duration,
        /// The instants.
        schedule: Box<Schedule>,
    },
    /// When something has happened.
    Happened(Listen),
}

/// What is looked at: the work of one step.
#[derive(Debug)]
pub struct Check {
    /// The word behind `uses`.
    pub uses: &'static str,
    /// What is done; an `http.request` or code.
    pub work: Work,
    /// How long it may take.
    pub timeout: Duration,
    /// The secrets that it reads, sorted.
    pub secrets: Vec<Arc<str>>,
    /// The credential that it uses.
    pub credential: Option<Arc<str>>,
}

/// When a condition that is true fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// When it was not true at the check before.
    Edge,
    /// At every check at which it is true.
    Level,
}

/// A list whose items are told apart by a key.
#[derive(Debug)]
pub struct Items {
    /// Gives the list.
    pub list: Expression,
    /// Gives an item's key.
    pub key: Expression,
    /// Whether the items of the first check fire as well.
    pub existing: bool,
}

/// What is known of a condition from its checks so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Whether the condition was true then.
    pub holds: bool,
    /// How long ago it fired last.
    pub since_fired: Option<Duration>,
}

impl ConditionTrigger {
    /// The interval of its checks, where they have one.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        match self.when {
            When::Every { interval, .. } => Some(interval),
            When::Happened(_) => None,
        }
    }

    /// Whether it fires, now that the condition is (not) true.
    #[must_use]
    pub fn fires(&self, holds: bool, seen: Seen) -> bool {
        let rested = seen.since_fired.is_none_or(|since| since >= self.cooldown);
        holds && rested && (self.on == On::Level || !seen.holds)
    }
}
