//! The screens and the table of those at the root.

use tidemill_common::ids::ExecutionId;

use super::dashboard::Dashboard;
use super::execution::Execution;
use super::executions::Executions;
use super::workflows::Workflows;
use crate::app::action::Action;

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
}

/// A screen at the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// The dashboard.
    Dashboard,
    /// The executions.
    Executions,
    /// The workflows.
    Workflows,
}

/// The screens at the root: the digit that shows it, its name, the action.
pub const ROOTS: [(Root, &str, &str, Action); 3] = [
    (Root::Dashboard, "1", "dashboard", Action::GoDashboard),
    (Root::Executions, "2", "executions", Action::GoExecutions),
    (Root::Workflows, "3", "workflows", Action::GoWorkflows),
];

impl Root {
    /// The screen, new.
    pub fn screen(self) -> Screen {
        match self {
            Self::Dashboard => Screen::Dashboard(Dashboard::default()),
            Self::Executions => Screen::Executions(Executions::default()),
            Self::Workflows => Screen::Workflows(Workflows::default()),
        }
    }
}

impl Screen {
    /// Its part of the crumbs.
    pub fn crumb(&self) -> String {
        match self {
            Self::Dashboard(_) => "dashboard".to_owned(),
            Self::Executions(_) => "executions".to_owned(),
            Self::Workflows(_) => "workflows".to_owned(),
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
            Self::Workflows(_) => None,
        }
    }

    /// The workflow that the cursor is on.
    pub fn workflow(&self) -> Option<&str> {
        match self {
            Self::Workflows(screen) => screen.list.selected().map(String::as_str),
            _ => None,
        }
    }
}
