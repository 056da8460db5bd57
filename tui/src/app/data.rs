//! What can be read from the server, and what such a request gives.

use serde::{Deserialize, Serialize};
use tidemill_common::api::account::AccountView;
use tidemill_common::api::approval::ApprovalList;
use tidemill_common::api::audit::AuditPage;
use tidemill_common::api::billing::{BillingEventList, InvoiceList, LtvCacView};
use tidemill_common::api::billing_subscription::BillingSubscriptionView;
use tidemill_common::api::bulk::{BulkList, BulkOrder, BulkView};
use tidemill_common::api::credential::CredentialList;
use tidemill_common::api::dead_letter::{DeadLetterCauseList, DeadLetterPage};
use tidemill_common::api::health::{HealthView, ReadyView};
use tidemill_common::api::member::{InviteList, MemberList};
use tidemill_common::api::metrics::ExecutionMetrics;
use tidemill_common::api::node::NodeList;
use tidemill_common::api::organization::{OrganizationList, UserList};
use tidemill_common::api::plan::PlanList;
use tidemill_common::api::quota::{QuotaView, UsageList};
use tidemill_common::api::refused_delivery::RefusedDeliveryPage;
use tidemill_common::api::schedule::{ScheduleExplain, ScheduleExplanation};
use tidemill_common::api::secret::SecretList;
use tidemill_common::api::session::SessionList;
use tidemill_common::api::share::ShareList;
use tidemill_common::api::subscription::{SubscriptionDeliveryPage, SubscriptionList};
use tidemill_common::api::token::TokenList;
use tidemill_common::api::workflow::{ValidationView, VersionList, VersionView, WorkflowDetail, WorkflowPage};
use tidemill_common::api::workspace::WorkspaceList;
use tidemill_common::ids::SubscriptionId;

use super::event::Failure;
use super::state::listing::AuditFilter;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Query {
    /// The causes of open dead letters.
    Causes,
    /// The open dead letters with this fingerprint.
    DeadLetters(String),
    /// How executions went within the last day: of every workflow, or of one with its steps.
    Metrics(Option<String>),
    /// The workspace's secrets.
    Secrets,
    /// The workspace's API tokens.
    Tokens,
    /// What the server says about itself.
    Server,
    /// The server processes.
    Nodes,
    /// Who asks.
    Account,
    /// Who we would be in another workspace: whether the token reaches it.
    Visit(String),
    /// The workspace's members.
    Members,
    /// The workspace's open invites.
    Invites,
    /// What the workspace shares.
    Shares,
    /// The newest entries of the audit log that pass.
    Audit(AuditFilter),
    /// The workspace's credentials.
    Credentials,
    /// The plans, what the present one allows, and what is used.
    Plan,
    /// The organization's invoices.
    Invoices,
    /// What happened to its plan.
    BillingEvents,
    /// Deliveries that the plan refused.
    Refused,
    /// Addresses that are told of events.
    Subscriptions,
    /// What one of them was told.
    Deliveries(SubscriptionId),
    /// Orders about many executions.
    Orders,
    /// The users of the organization.
    Users,
    /// The account's workspaces.
    Workspaces,
    /// Where the account is signed in.
    Sessions,
    /// What the organization used, period by period.
    Usage,
    /// What customers bring and cost, over several spans.
    Customers,
    /// The organizations of the server.
    Organizations,
    /// How many executions such an order would be about.
    Fitting(Box<BulkOrder>),
    /// Steps that wait for an approval.
    Approvals,
    /// The workflows.
    Workflows,
    /// What the schedule of a trigger will do.
    Explanation {
        /// The trigger: `workflow/trigger`.
        trigger: String,
        /// The schedule.
        wanted: Box<ScheduleExplain>,
    },
    /// One workflow with its file.
    Workflow(String),
    /// The versions of a workflow.
    Versions(String),
    /// One version of a workflow, with its file.
    Version(String, i32),
    /// Whether the file of a workflow could be applied.
    Validation {
        /// The workflow's `id`.
        workflow: String,
        /// The file.
        source: String,
    },
}

/// What a request gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Data {
    /// The causes of open dead letters.
    Causes(DeadLetterCauseList),
    /// Dead letters.
    DeadLetters(DeadLetterPage),
    /// Counts and durations.
    Metrics(ExecutionMetrics),
    /// The workspace's secrets.
    Secrets(SecretList),
    /// The workspace's API tokens.
    Tokens(TokenList),
    /// What the server says about itself.
    Server(Box<ServerFacts>),
    /// The server processes.
    Nodes(NodeList),
    /// Who asks.
    Account(Box<AccountView>),
    /// The workspace's members.
    Members(MemberList),
    /// The workspace's open invites.
    Invites(InviteList),
    /// What the workspace shares.
    Shares(ShareList),
    /// Entries of the audit log.
    Audit(AuditPage),
    /// The workspace's credentials.
    Credentials(CredentialList),
    /// The plans, what the present one allows, and what is used.
    Plan(Box<PlanFacts>),
    /// The organization's invoices.
    Invoices(InvoiceList),
    /// What happened to its plan.
    BillingEvents(BillingEventList),
    /// Deliveries that the plan refused.
    Refused(RefusedDeliveryPage),
    /// Addresses that are told of events.
    Subscriptions(SubscriptionList),
    /// What one of them was told.
    Deliveries(SubscriptionDeliveryPage),
    /// Orders about many executions.
    Orders(BulkList),
    /// The users of the organization.
    Users(UserList),
    /// The account's workspaces.
    Workspaces(WorkspaceList),
    /// Where the account is signed in.
    Sessions(SessionList),
    /// What the organization used, period by period.
    Usage(UsageList),
    /// What customers bring and cost, a span each.
    Customers(Vec<LtvCacView>),
    /// The organizations of the server.
    Organizations(OrganizationList),
    /// How many executions such an order would be about.
    Fitting(Box<BulkView>),
    /// Steps that wait for an approval.
    Approvals(ApprovalList),
    /// The workflows.
    Workflows(WorkflowPage),
    /// What a schedule will do.
    Explanation(ScheduleExplanation),
    /// One workflow with its file.
    Workflow(Box<WorkflowDetail>),
    /// The versions of a workflow.
    Versions(VersionList),
    /// One version of a workflow, with its file.
    Version(Box<VersionView>),
    /// What is wrong with a file.
    Validation(ValidationView),
}

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerFacts {
    /// Version and sandbox.
    pub health: HealthView,
    /// Whether it takes work, or why not.
    pub ready: Result<ReadyView, Failure>,
}

/// The plans, what the present one allows, and what is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// The plans to choose from.
    pub plans: PlanList,
    /// What is allowed and used.
    pub quota: QuotaView,
    /// The subscription, for admins of the organization; else why it can't be seen.
    pub subscription: Result<BillingSubscriptionView, Failure>,
}
