//! The only room that knows poem: one API struct per tag, webhooks, WebSockets, problems.
//!
//! Start at [`routes`]: the layers that every request passes, outermost first, are [`envelope`] (request id, problems, panics),
//! [`authenticate`] (a closed list of public addresses), [`idempotent`], and then the operations. [`problem`] is the only place
//! where errors become status codes. Handlers decode, make one call to `app`, and encode.

mod account;
mod approval;
mod audit;
mod audit_export;
pub mod authenticate;
mod billing;
mod billing_subscription;
mod bulk;
mod code;
mod credential;
mod dead_letter;
mod document;
mod envelope;
mod execution;
mod execution_control;
mod execution_metrics;
mod failure;
mod form;
mod health;
mod hook_answer;
mod hook_cors;
mod hooks;
mod idempotent;
mod invite;
mod invoice_page;
mod member;
mod methods;
mod node;
mod organization;
mod pages;
mod payload;
mod plan;
pub mod problem;
mod refused_delivery;
mod resume;
mod schedule;
mod secret;
mod server;
mod session;
mod share;
mod socket;
mod strict_json;
mod stripe_events;
mod subscription;
#[cfg(test)]
mod tests;
mod token;
mod trigger;
mod workflow;
mod workflow_version;
mod workspace;
mod ws;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Response, Route, get, post};
use poem_openapi::Tags;

pub use document::openapi_document;
pub use envelope::Envelope;
pub use hooks::Hooks;
pub use server::Listener;
pub use socket::ACME_PROTOCOL;
pub use ws::Streams;

use crate::app::{
    AuditLog, BillingSubscriptions, BulkOrders, Code, Credentials, DeadLetters, Executions, Health, Idempotency, Nodes,
    PageRequest, People, Plans, Quotas, Schedules, Secrets, Subscriptions, Tokens, Triggers, Workflows,
};
use crate::auth::Authenticator;
use crate::domain::workflow::json_schema;
use crate::ingress::Resumes;
use crate::live::Live;
use crate::telemetry::Metrics;

/// What the operations are about.
#[derive(Tags)]
enum Tag {
    /// Who is asking, and signing in.
    Account,
    /// Organisations and their users.
    Organizations,
    /// Workspaces: the tenants.
    Workspaces,
    /// Members of a workspace, invites, and what is shared.
    Members,
    /// Who changed what.
    Audit,
    /// API tokens.
    Tokens,
    /// Secrets and credentials that steps use.
    Secrets,
    /// Workflows and their versions.
    Workflows,
    /// What starts executions.
    Triggers,
    /// Addresses outside that are told of events.
    Subscriptions,
    /// Executions and their events.
    Executions,
    /// Plans, what they allow, and what is used.
    Plans,
    /// Subscriptions, invoices and payments.
    Billing,
    /// Executions that failed for good.
    DeadLetters,
    /// Code that is tried out.
    Code,
    /// The server itself.
    Server,
}

/// What the API is made of.
#[derive(Clone)]
pub struct ApiDeps {
    /// Finds whose a token is.
    pub authenticator: Authenticator,
    /// Keeps replies.
    pub idempotency: Idempotency,
    /// Accounts, organisations, workspaces and who may do what in them.
    pub people: People,
    /// Who changed what.
    pub audit: AuditLog,
    /// API tokens.
    pub tokens: Tokens,
    /// Secrets.
    pub secrets: Secrets,
    /// Credentials.
    pub credentials: Credentials,
    /// What organizations may have.
    pub plans: Plans,
    /// What they use.
    pub quotas: Quotas,
    /// Which plan they are on, and what they pay.
    pub billing_subscriptions: BillingSubscriptions,
    /// Where others reach this server.
    pub url: Live<String>,
    /// Subscriptions.
    pub subscriptions: Subscriptions,
    /// Workflows.
    pub workflows: Workflows,
    /// Triggers.
    pub triggers: Triggers,
    /// Schedules that are explained.
    pub schedules: Schedules,
    /// Executions.
    pub executions: Executions,
    /// Orders about many executions.
    pub bulk: BulkOrders,
    /// Executions that failed for good.
    pub dead_letters: DeadLetters,
    /// Code that is tried out.
    pub code: Code,
    /// The nodes.
    pub nodes: Nodes,
    /// Alive and ready.
    pub health: Health,
    /// Counts requests, and is shown at `/metrics`.
    pub metrics: Arc<Metrics>,
}

/// What is not in the OpenAPI document: webhooks and WebSockets.
#[derive(Debug, Clone)]
pub struct LiveDeps {
    /// Webhook deliveries.
    pub hooks: Hooks,
    /// Events that executions wait for.
    pub resumes: Resumes,
    /// WebSockets.
    pub streams: Streams,
}

/// Everything that the server answers over HTTP.
pub fn routes(deps: ApiDeps, live: LiveDeps) -> impl Endpoint<Output = Response> {
    let LiveDeps { hooks, resumes, streams } = live;
    let followed = deps.executions.clone();
    let route = operations(&deps)
        .at("/resume/:token", get(resume::resume_view).post(resume::resume_deliver).data(resumes))
        .at("/hooks/:workspace/*path", hooks::webhook_deliver.data(hooks.clone()))
        .at("/test-hooks/:token/*path", hooks::webhook_test.data(hooks))
        .at("/api/stream", get(ws::workspace_stream.data(streams.clone()).data(followed.clone())))
        .at("/api/executions/:id/stream", get(ws::execution_stream.data(streams).data(followed)));
    layered(route, deps)
}

/// The operations of the OpenAPI document, and the document.
fn operations(deps: &ApiDeps) -> Route {
    let deps = deps.clone();
    let pages = deps.people.clone();
    let teams = (
        account::AccountApi(deps.people.clone()),
        session::SessionApi(deps.people.clone()),
        organization::OrganizationApi(deps.people.clone()),
        workspace::WorkspaceApi(deps.people.clone()),
        member::MemberApi(deps.people.clone()),
        invite::InviteApi(deps.people.clone()),
        share::ShareApi(deps.people),
        audit::AuditApi(deps.audit),
    );
    let money = (
        plan::PlanApi { plans: deps.plans, quotas: deps.quotas },
        billing_subscription::BillingSubscriptionApi(deps.billing_subscriptions.clone()),
        billing::BillingApi { billing_subscriptions: deps.billing_subscriptions.clone(), url: deps.url },
    );
    let people = (token::TokenApi(deps.tokens), secret::SecretApi(deps.secrets), credential::CredentialApi(deps.credentials));
    let workflows = (
        workflow::WorkflowApi(deps.workflows.clone()),
        workflow_version::WorkflowVersionApi(deps.workflows),
        trigger::TriggerApi(deps.triggers),
        schedule::ScheduleApi(deps.schedules),
        subscription::SubscriptionApi(deps.subscriptions),
        code::CodeApi(deps.code),
    );
    let executions = (
        execution::ExecutionApi(deps.executions.clone()),
        execution_control::ExecutionControlApi(deps.executions.clone()),
        approval::ApprovalApi(deps.executions.clone()),
        refused_delivery::RefusedDeliveryApi(deps.executions.clone()),
        bulk::BulkApi(deps.bulk),
        execution_metrics::ExecutionMetricsApi(deps.executions),
        dead_letter::DeadLetterApi(deps.dead_letters),
    );
    let health = health::HealthApi { health: deps.health, metrics: deps.metrics, workflow_schema: Arc::new(json_schema()) };
    let service = document::service((teams, money, people, workflows, executions, node::NodeApi(deps.nodes), health));
    let heard = deps.billing_subscriptions;
    pages::routes(pages)
        .at("/api/billing/stripe", post(stripe_events::hear.data(heard)))
        .at("/docs", get(document::page()))
        .at("/api/openapi.json", get(document::endpoint()))
        .nest("/", service)
}

/// What a node without the role `api` answers: whether it is alive and ready, and its metrics.
pub fn public_routes(deps: ApiDeps) -> impl Endpoint<Output = Response> {
    let schema = Arc::new(json_schema());
    let health = health::HealthApi { health: deps.health.clone(), metrics: Arc::clone(&deps.metrics), workflow_schema: schema };
    layered(Route::new().nest("/", document::service(health)), deps)
}

/// What every request passes, the outermost layer last.
fn layered(route: Route, deps: ApiDeps) -> impl Endpoint<Output = Response> {
    route
        .with(idempotent::Idempotent(deps.idempotency))
        .with(authenticate::Authenticate(deps.authenticator))
        .with(Envelope(deps.metrics))
}

/// A page of a list, as its query parameters ask for it.
fn page(limit: Option<u32>, cursor: Option<String>) -> PageRequest {
    PageRequest { limit: limit.and_then(|limit| usize::try_from(limit).ok()), cursor }
}
