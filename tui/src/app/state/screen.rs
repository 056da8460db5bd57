//! The screens, and the table of those at the root. A new screen is a variant here (or, if it is a list read by request, a
//! subject of [`Listing`]), its keys in the keymap, and a line in [`ROOTS`] if it stands at the root.

use chrono::{DateTime, Utc};
use tidemill_common::ids::ExecutionId;

use super::code::Code;
use super::dashboard::Dashboard;
use super::execution::Execution;
use super::executions::Executions;
use super::listing::{Listing, Opens, Subject};
use super::workflow::Workflow;
use super::workflows::Workflows;
use crate::app::keymap::Scope;

/// A screen with its state.
#[derive(Debug, Clone, PartialEq)]
pub enum Screen {
    /// What everything adds up to.
    Dashboard(Dashboard),
    /// The executions.
    Executions(Executions),
    /// One execution.
    Execution(Box<Execution>),
    /// The workflows.
    Workflows(Workflows),
    /// One workflow.
    Workflow(Box<Workflow>),
    /// Things of one kind, read by request.
    Listing(Box<Listing>),
    /// Code that is tried out.
    Code(Box<Code>),
}

/// A screen at the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// The dashboard.
    Dashboard,
    /// The executions.
    Executions,
    /// The workflows.
    Workflows,
    /// What failed for good, by cause.
    DeadLetters,
    /// Steps that wait for an approval.
    Approvals,
    /// Webhooks and schedules.
    Triggers,
    /// Counts and durations.
    Metrics,
    /// Code that is tried out.
    Code,
    /// What the server says about itself.
    Server,
    /// The workspace's secrets.
    Secrets,
    /// The workspace's API tokens.
    Tokens,
}

/// The screens at the root: the key that shows it, its name.
pub const ROOTS: [(Root, &str, &str); 11] = [
    (Root::Dashboard, "1", "dashboard"),
    (Root::Executions, "2", "executions"),
    (Root::Workflows, "3", "workflows"),
    (Root::DeadLetters, "4", "dead letters"),
    (Root::Triggers, "5", "triggers"),
    (Root::Metrics, "6", "metrics"),
    (Root::Code, "7", "code"),
    (Root::Server, "8", "server"),
    (Root::Secrets, "9", "secrets"),
    (Root::Tokens, "0", "tokens"),
    (Root::Approvals, "a", "approvals"),
];

impl Root {
    /// The screen, new.
    pub fn screen(self, now: DateTime<Utc>) -> Screen {
        let listing = |subject| Screen::Listing(Box::new(Listing::new(subject, now)));
        match self {
            Self::Dashboard => Screen::Dashboard(Dashboard::default()),
            Self::Executions => Screen::Executions(Executions::default()),
            Self::Workflows => Screen::Workflows(Workflows::default()),
            Self::DeadLetters => listing(Subject::Causes),
            Self::Approvals => listing(Subject::Approvals),
            Self::Triggers => listing(Subject::Triggers),
            Self::Metrics => listing(Subject::Metrics),
            Self::Code => Screen::Code(Box::default()),
            Self::Server => listing(Subject::Server),
            Self::Secrets => listing(Subject::Secrets),
            Self::Tokens => listing(Subject::Tokens),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ROOTS.iter().find(|(root, ..)| *root == self).map_or("", |(_, _, name)| name)
    }

    /// The screen called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        ROOTS.iter().find(|(_, _, known)| *known == name).map(|(root, ..)| *root)
    }
}

impl Screen {
    /// Its part of the crumbs.
    pub fn crumb(&self) -> String {
        match self {
            Self::Dashboard(_) => "dashboard".to_owned(),
            Self::Executions(_) => "executions".to_owned(),
            Self::Workflows(_) => "workflows".to_owned(),
            Self::Code(_) => "code".to_owned(),
            Self::Workflow(open) => open.id.clone(),
            Self::Listing(listing) => listing.subject.crumb(),
            Self::Execution(open) => {
                let workflow = open.detail.as_ref().map_or("execution", |detail| detail.execution.workflow_id.as_str());
                format!("{workflow} › {}", open.id.short())
            }
        }
    }

    /// The execution that the cursor is on, or that is open.
    pub fn execution(&self) -> Option<ExecutionId> {
        match self {
            Self::Dashboard(screen) => screen.selected(),
            Self::Executions(screen) => screen.list.selected().copied(),
            Self::Execution(open) => Some(open.id),
            Self::Workflow(open) => open.execution(),
            Self::Listing(listing) => match listing.selected()?.opens {
                Some(Opens::Execution(id)) => Some(id),
                _ => None,
            },
            Self::Workflows(_) | Self::Code(_) => None,
        }
    }

    /// The executions that an action is about: those that are marked, else the one under the cursor.
    pub fn executions(&self) -> Vec<ExecutionId> {
        match self {
            Self::Executions(screen) => screen.list.targets(),
            other => other.execution().into_iter().collect(),
        }
    }

    /// The workflow that the cursor is on, or that is open.
    pub fn workflow(&self) -> Option<&str> {
        match self {
            Self::Workflows(screen) => screen.list.selected().map(String::as_str),
            Self::Workflow(open) => Some(&open.id),
            _ => None,
        }
    }

    /// What filters it, if it is a list.
    pub fn filter(&self) -> Option<&str> {
        match self {
            Self::Executions(screen) => Some(screen.filter.text()),
            Self::Workflows(screen) => Some(&screen.filter),
            Self::Listing(listing) => Some(&listing.filter),
            _ => None,
        }
    }

    /// How many rows are marked.
    pub fn marked(&self) -> usize {
        match self {
            Self::Executions(screen) => screen.list.marked(),
            Self::Listing(listing) => listing.list.marked(),
            _ => 0,
        }
    }

    /// Where keys are looked up, the nearest scope first.
    pub fn scopes(&self) -> &'static [Scope] {
        match self {
            Self::Dashboard(_) => &[Scope::Dashboard, Scope::Root, Scope::Global],
            Self::Executions(_) => &[Scope::Executions, Scope::List, Scope::Root, Scope::Global],
            Self::Workflows(_) => &[Scope::Workflows, Scope::Root, Scope::Global],
            Self::Execution(_) => &[Scope::Execution, Scope::Global],
            Self::Workflow(_) => &[Scope::Workflow, Scope::Global],
            Self::Listing(listing) => listing.subject.spec().scopes,
            Self::Code(_) => &[Scope::Code, Scope::Root, Scope::Global],
        }
    }
}
