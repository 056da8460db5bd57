//! The screens, and the table of those at the root. A new screen is a variant here (or, if it is a list read by request, a
//! subject of [`Listing`]), its keys in the keymap, and a line in [`ROOTS`] if it stands at the root.

use chrono::{DateTime, Utc};
use tidemill_common::ids::ExecutionId;

use super::code::Code;
use super::dashboard::Dashboard;
use super::execution::Execution;
use super::executions::Executions;
use super::listing::{AuditFilter, Listing, Opens, Subject};
use super::settings::Settings;
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
    /// Theme, context, account, versions.
    Settings(Settings),
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
    /// The server processes.
    Nodes,
    /// The workspace's secrets.
    Secrets,
    /// The workspace's credentials.
    Credentials,
    /// The workspace's API tokens.
    Tokens,
    /// The workspace's members.
    Members,
    /// The workspace's open invites.
    Invites,
    /// What is shared with somebody.
    Shares,
    /// Who changed what.
    Audit,
    /// What the plan allows, and what is used.
    Quota,
    /// The plans.
    Plans,
    /// The organization's invoices.
    Invoices,
    /// What happened to the organization's plan.
    BillingEvents,
    /// Deliveries that the plan refused.
    Refused,
    /// Addresses that are told of events.
    Subscriptions,
    /// Orders about many executions.
    Orders,
    /// The users of the organization.
    Users,
    /// The account's workspaces.
    Workspaces,
    /// Where the account is signed in.
    Sessions,
    /// What was used, period by period.
    Usage,
    /// What customers bring and cost.
    Customers,
    /// The organizations of the server.
    Organizations,
    /// Theme, context, account, versions.
    Settings,
}

/// The screens at the root: the key that shows it (behind `g` from everywhere; a digit alone at the root too), its name.
pub const ROOTS: [(Root, &str, &str); 31] = [
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
    (Root::Members, "p", "members"),
    (Root::Invites, "i", "invites"),
    (Root::Shares, "h", "shares"),
    (Root::Audit, "l", "audit log"),
    (Root::Quota, "q", "quota"),
    (Root::Plans, "u", "plans"),
    (Root::Invoices, "v", "invoices"),
    (Root::BillingEvents, "b", "billing history"),
    (Root::Refused, "r", "refused deliveries"),
    (Root::Subscriptions, "e", "subscriptions"),
    (Root::Credentials, "c", "credentials"),
    (Root::Nodes, "n", "nodes"),
    (Root::Orders, "o", "bulk orders"),
    (Root::Users, "t", "users"),
    (Root::Workspaces, "w", "workspaces"),
    (Root::Sessions, "k", "sessions"),
    (Root::Usage, "d", "usage"),
    (Root::Customers, "f", "customers"),
    (Root::Organizations, "z", "organizations"),
    (Root::Settings, "s", "settings"),
];

/// Screens that belong together: they stand side by side as tabs.
const FAMILIES: [&[Root]; 4] = [
    &[Root::Members, Root::Invites, Root::Shares, Root::Users, Root::Workspaces],
    &[Root::Quota, Root::Usage, Root::Plans, Root::Invoices, Root::BillingEvents, Root::Refused],
    &[Root::Secrets, Root::Credentials, Root::Tokens, Root::Sessions],
    &[Root::Server, Root::Nodes],
];

impl Root {
    /// The screen, new.
    pub fn screen(self, now: DateTime<Utc>) -> Screen {
        match (self, self.subject()) {
            (_, Some(subject)) => Screen::Listing(Box::new(Listing::new(subject, now))),
            (Self::Executions, _) => Screen::Executions(Executions::default()),
            (Self::Workflows, _) => Screen::Workflows(Workflows::default()),
            (Self::Code, _) => Screen::Code(Box::default()),
            (Self::Settings, _) => Screen::Settings(Settings::default()),
            _ => Screen::Dashboard(Dashboard::default()),
        }
    }

    /// What it lists, if it is a listing.
    pub fn subject(self) -> Option<Subject> {
        Some(match self {
            Self::Dashboard | Self::Executions | Self::Workflows | Self::Code | Self::Settings => return None,
            Self::DeadLetters => Subject::Causes,
            Self::Approvals => Subject::Approvals,
            Self::Triggers => Subject::Triggers,
            Self::Metrics => Subject::Metrics,
            Self::Server => Subject::Server,
            Self::Nodes => Subject::Nodes,
            Self::Secrets => Subject::Secrets,
            Self::Credentials => Subject::Credentials,
            Self::Tokens => Subject::Tokens,
            Self::Members => Subject::Members,
            Self::Invites => Subject::Invites,
            Self::Shares => Subject::Shares,
            Self::Audit => Subject::Audit(AuditFilter::default()),
            Self::Quota => Subject::Quota,
            Self::Plans => Subject::Plans,
            Self::Invoices => Subject::Invoices,
            Self::BillingEvents => Subject::BillingEvents,
            Self::Refused => Subject::Refused,
            Self::Subscriptions => Subject::Subscriptions,
            Self::Orders => Subject::Orders,
            Self::Users => Subject::Users,
            Self::Workspaces => Subject::Workspaces,
            Self::Sessions => Subject::Sessions,
            Self::Usage => Subject::Usage,
            Self::Customers => Subject::Customers,
            Self::Organizations => Subject::Organizations,
        })
    }

    /// The root screen that lists `subject`, if there is one.
    pub fn of(subject: &Subject) -> Option<Self> {
        // The filter of the audit log is part of its subject.
        if matches!(subject, Subject::Audit(_)) {
            return Some(Self::Audit);
        }
        ROOTS.iter().map(|(root, ..)| *root).find(|root| root.subject().as_ref() == Some(subject))
    }

    /// The screens that stand beside it as tabs, itself among them; none for most.
    pub fn family(self) -> &'static [Self] {
        FAMILIES.into_iter().find(|family| family.contains(&self)).unwrap_or_default()
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
            Self::Settings(_) => "settings".to_owned(),
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
            Self::Workflows(_) | Self::Code(_) | Self::Settings(_) => None,
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

    /// The workflows that an action is about: those that are marked, else the one under the cursor.
    pub fn workflows(&self) -> Vec<String> {
        match self {
            Self::Workflows(screen) => screen.list.targets(),
            other => other.workflow().map(str::to_owned).into_iter().collect(),
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
            Self::Workflows(screen) => screen.list.marked(),
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
            Self::Settings(_) => &[Scope::Settings, Scope::Root, Scope::Global],
        }
    }
}
