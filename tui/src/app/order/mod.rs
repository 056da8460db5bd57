//! What the user can order the server to do, and what comes of it. An order is only ever sent after the user's yes, where
//! its action asks for one; each carries an idempotency key of its own.

mod account;
mod billing;
mod connect;
mod house;
mod people;

use serde_json::Value;
use tidemill_common::api::approval::{ApprovalDecision, StepDecision};
use tidemill_common::api::billing_subscription::BillingSubscriptionView;
use tidemill_common::api::bulk::{BulkOrder, BulkView};
use tidemill_common::api::code::{CodeExecute, CodeExecuted};
use tidemill_common::api::control::ExecutionRetry;
use tidemill_common::api::dead_letter::{DeadLetterDiscard, DeadLetterReplay};
use tidemill_common::api::execution::ExecutionView;
use tidemill_common::api::secret::SecretPut;
use tidemill_common::api::token::TokenCreate;
use tidemill_common::api::workflow::{WorkflowApplied, WorkflowView};
use tidemill_common::ids::{ExecutionId, TokenId};

pub use account::AccountOrder;
pub use billing::{BillingOrder, Way};
pub use connect::ConnectOrder;
pub use house::{HouseOrder, Named, Turn};
pub use people::{PeopleOrder, ShareWish};

/// Something that changes the server.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Start an execution by hand.
    Start {
        /// The workflow's `id`.
        workflow: String,
        /// What expressions see as `trigger.body`.
        input: Value,
    },
    /// Ask an execution to stop, and why.
    Cancel(ExecutionId, Option<String>),
    /// Pause an execution.
    Pause(ExecutionId),
    /// Let an execution go on.
    Resume(ExecutionId),
    /// Try an execution again.
    Retry(ExecutionId, Box<ExecutionRetry>),
    /// Make a version's triggers live; `None` stops them.
    Switch {
        /// The workflow's `id`.
        workflow: String,
        /// The version.
        activate: Option<i32>,
    },
    /// Remove a workflow.
    WorkflowDelete(String),
    /// Make a new version of a workflow, if the newest is still `base`.
    Apply {
        /// The workflow's `id`.
        workflow: String,
        /// The file.
        source: String,
        /// The version that was edited; `None` for a new workflow.
        base: Option<i32>,
    },
    /// Approve what a step waits for, or reject it.
    Approve {
        /// The execution.
        id: ExecutionId,
        /// Whether it is approved.
        yes: bool,
        /// Step, comment, answer.
        decision: Box<ApprovalDecision>,
    },
    /// Decide about a step whose node was lost.
    Decide(ExecutionId, Box<StepDecision>),
    /// Try dead letters again.
    Replay(DeadLetterReplay),
    /// Decide that nothing will be done about dead letters.
    Discard(DeadLetterDiscard),
    /// Keep a secret.
    SecretPut(String, SecretPut),
    /// Remove a secret.
    SecretDelete(String),
    /// Make a token.
    TokenCreate(TokenCreate),
    /// End the token of this name.
    TokenRevoke(TokenId, String),
    /// Run a piece of code.
    Execute(Box<CodeExecute>),
    /// Change members, invites or shares.
    People(PeopleOrder),
    /// Change users of the organization, workspaces or sessions.
    House(HouseOrder),
    /// Change one's own account.
    Account(AccountOrder),
    /// Change credentials or subscriptions.
    Connect(ConnectOrder),
    /// Change the plan.
    Billing(BillingOrder),
    /// Cancel or retry every execution that fits.
    Bulk(Box<BulkOrder>),
    /// Stop an order about many executions.
    BulkStop(ExecutionId),
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A new execution.
    Started(Box<ExecutionView>),
    /// The execution as it is now.
    Execution(Box<ExecutionView>),
    /// The workflow as it is now.
    Workflow(Box<WorkflowView>),
    /// What applying a file did.
    Applied(Box<WorkflowApplied>),
    /// So many things changed.
    Count(u32),
    /// What is shown this one time.
    Once(Once),
    /// A second factor was begun.
    Enrolled(Enrolled),
    /// An address to go to.
    Page(Page),
    /// The subscription to a plan as it is now.
    Plan(Box<BillingSubscriptionView>),
    /// An order about many executions was taken.
    Bulk(Box<BulkView>),
    /// What a piece of code gave.
    Code(Box<CodeExecuted>),
    /// It is done.
    Done,
}

/// An address that the server made for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What it is.
    pub title: String,
    /// The address; one that begins with a slash is the server's.
    pub address: String,
    /// What to know about it.
    pub note: String,
}

/// A secret that the server gives once: it is shown, and kept nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Once {
    /// What it is.
    pub title: String,
    /// The secret.
    pub secret: String,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Once").field("title", &self.title).finish_non_exhaustive()
    }
}

/// What an authenticator app needs, given once.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// The secret.
    pub secret: String,
    /// The same as an address.
    pub url: String,
}

impl std::fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolled").finish_non_exhaustive()
    }
}

impl Order {
    /// Whether nothing can be asked of the server any more once it is done.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Account(order) if order.is_last())
    }

    /// What it is about, for people.
    pub fn about(&self) -> String {
        match self {
            Self::Start { workflow, .. }
            | Self::Switch { workflow, .. }
            | Self::Apply { workflow, .. }
            | Self::WorkflowDelete(workflow) => workflow.clone(),
            Self::Cancel(id, _)
            | Self::Pause(id)
            | Self::Resume(id)
            | Self::Retry(id, _)
            | Self::Approve { id, .. }
            | Self::Decide(id, _) => id.short(),
            Self::Replay(_) | Self::Discard(_) => "dead letters".into(),
            Self::SecretPut(name, _) | Self::SecretDelete(name) | Self::TokenRevoke(_, name) => name.clone(),
            Self::TokenCreate(token) => token.name.clone(),
            Self::Execute(code) => code.language.as_str().into(),
            Self::People(order) => order.about(),
            Self::House(order) => order.about(),
            Self::Account(order) => order.about(),
            Self::Connect(order) => order.about(),
            Self::Billing(order) => order.about(),
            Self::Bulk(order) => format!("the order to {}", order.action.as_str()),
            Self::BulkStop(id) => format!("the order {}", id.short()),
        }
    }

    /// What was not done when it failed, and the word for many of them: `3 of 12 cancelled`.
    pub fn verbed(&self) -> &'static str {
        match self {
            Self::Start { .. } => "started",
            Self::Cancel(..) => "cancelled",
            Self::Pause(_) => "paused",
            Self::Resume(_) => "resumed",
            Self::Retry(..) => "retried",
            Self::Switch { .. } => "changed",
            Self::WorkflowDelete(_) | Self::SecretDelete(_) => "removed",
            Self::Apply { .. } => "applied",
            Self::Approve { yes: true, .. } => "approved",
            Self::Approve { yes: false, .. } => "rejected",
            Self::Decide(..) => "decided",
            Self::Replay(_) => "replayed",
            Self::Discard(_) => "discarded",
            Self::SecretPut(..) => "kept",
            Self::TokenCreate(_) => "made",
            Self::TokenRevoke(..) => "revoked",
            Self::Execute(_) => "executed",
            Self::People(order) => order.verbed(),
            Self::House(order) => order.verbed(),
            Self::Account(order) => order.verbed(),
            Self::Connect(order) => order.verbed(),
            Self::Billing(order) => order.verbed(),
            Self::Bulk(_) => "given",
            Self::BulkStop(_) => "stopped",
        }
    }

    /// The order that takes it back, if there is one.
    pub fn undo(&self, before: Option<i32>) -> Option<Self> {
        match self {
            Self::Pause(id) => Some(Self::Resume(*id)),
            Self::Resume(id) => Some(Self::Pause(*id)),
            Self::Switch { workflow, .. } => Some(Self::Switch { workflow: workflow.clone(), activate: before }),
            Self::Connect(order) => order.undo().map(Self::Connect),
            Self::House(order) => order.undo().map(Self::House),
            _ => None,
        }
    }
}
